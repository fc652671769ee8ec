// Two goroutines bounce a number over two unbuffered channels, on one thread: nanoseconds per round trip.
//
//	go run bench/go/channel.go [round trips] [repetitions]
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

func argument(index, standard int) int {
	if len(os.Args) <= index {
		return standard
	}
	value, err := strconv.Atoi(os.Args[index])
	if err != nil || value < 1 {
		fmt.Fprintln(os.Stderr, "arguments are whole numbers above 0")
		os.Exit(1)
	}
	return value
}

func bounce(n int) time.Duration {
	there, back := make(chan int), make(chan int)
	go func() {
		for value := range there {
			back <- value
		}
		close(back)
	}()
	start := time.Now()
	for i := 0; i < n; i++ {
		there <- i
		<-back
	}
	took := time.Since(start)
	close(there)
	return took
}

func main() {
	n, repetitions := argument(1, 1_000_000), argument(2, 5)
	runtime.GOMAXPROCS(1)
	bounce(n / 10)
	for i := 0; i < repetitions; i++ {
		fmt.Printf("%.1f\n", float64(bounce(n).Nanoseconds())/float64(n))
	}
}
