// The programs of bench/js/programs in Go, where goroutines are the natural way to write them:
//
//	main NAME SIZE WARM_UP_SIZE
//
// runs one after a run at the other size and prints { nanoseconds, result } as JSON. A coroutine that is resumed is a
// goroutine with a channel to each side. One OS thread runs all, as in JavaScript.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

// Two unbuffered channels: a hand-over there and one back per round trip.
func suspendResume(size int) int {
	resume := make(chan struct{})
	yield := make(chan bool)
	go func() {
		<-resume
		for i := 0; i < size; i++ {
			yield <- true
			<-resume
		}
		close(yield)
	}()
	suspensions := 0
	for {
		resume <- struct{}{}
		if !<-yield {
			return suspensions
		}
		suspensions++
	}
}

func createFinish(size int) int {
	sum := 0
	answer := make(chan int)
	for i := 0; i < size; i++ {
		go func(value int) { answer <- value }(i)
		sum += <-answer
	}
	return sum
}

func skynetNested(level, number int) int {
	sum := 0
	for i := 10 * number; i < 10*number+10; i++ {
		answer := make(chan int)
		go func(number int) {
			if level == 1 {
				answer <- number
			} else {
				answer <- skynetNested(level-1, number)
			}
		}(i)
		sum += <-answer
	}
	return sum
}

// Every node starts its ten children at once.
func skynetConcurrent(answer chan<- int, level, number int) {
	if level == 0 {
		answer <- number
		return
	}
	children := make(chan int)
	for i := 0; i < 10; i++ {
		go skynetConcurrent(children, level-1, 10*number+i)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	answer <- sum
}

var programs = map[string]func(size int) int{
	"suspend-resume": suspendResume,
	"create-finish":  createFinish,
	"skynet-nested":  func(size int) int { return skynetNested(size, 0) },
	"skynet-concurrent": func(size int) int {
		answer := make(chan int)
		go skynetConcurrent(answer, size, 0)
		return <-answer
	},
}

func main() {
	if len(os.Args) == 4 {
		run := programs[os.Args[1]]
		size, sizeError := strconv.Atoi(os.Args[2])
		warmUp, warmUpError := strconv.Atoi(os.Args[3])
		if run != nil && sizeError == nil && warmUpError == nil {
			runtime.GOMAXPROCS(1)
			run(warmUp)
			start := time.Now()
			result := run(size)
			fmt.Printf("{\"nanoseconds\":%d,\"result\":%d}\n", time.Since(start).Nanoseconds(), result)
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: main NAME SIZE WARM_UP_SIZE")
	os.Exit(2)
}
