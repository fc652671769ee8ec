// Skynet, concurrent: every node spawns its ten children at once and waits for their sums, on one thread.
// Prints milliseconds per run.
//
//	go run bench/go/skynet.go [levels] [repetitions]
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

func skynet(sum chan<- int, level, number int) {
	if level == 0 {
		sum <- number
		return
	}
	sums := make(chan int)
	for i := 0; i < 10; i++ {
		go skynet(sums, level-1, 10*number+i)
	}
	total := 0
	for i := 0; i < 10; i++ {
		total += <-sums
	}
	sum <- total
}

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

func main() {
	levels, repetitions := argument(1, 6), argument(2, 5)
	runtime.GOMAXPROCS(1)
	leaves := 1
	for i := 0; i < levels; i++ {
		leaves *= 10
	}
	for i := 0; i < repetitions; i++ {
		start := time.Now()
		sum := make(chan int)
		go skynet(sum, levels, 0)
		if total := <-sum; total != leaves*(leaves-1)/2 {
			fmt.Fprintln(os.Stderr, "wrong sum", total)
			os.Exit(1)
		}
		fmt.Printf("%.1f\n", float64(time.Since(start).Microseconds())/1000)
	}
}
