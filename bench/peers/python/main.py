"""The programs of bench/js/programs over Python's greenlet:

    python3 main.py NAME SIZE WARM_UP_SIZE

runs one after a run at the other size and prints { nanoseconds, result } as JSON.
"""
import json
import sys
import time

from greenlet import getcurrent, greenlet


def resumer():
    return getcurrent().parent


def suspend_resume(size):
    def body():
        resume = resumer().switch
        for _ in range(size):
            resume()

    coroutine = greenlet(body)
    suspensions = 0
    coroutine.switch()
    while not coroutine.dead:
        suspensions += 1
        coroutine.switch()
    return suspensions


def create_finish(size):
    def body(value):
        return value

    return sum(greenlet(body).switch(i) for i in range(size))


def sieve(size):
    def body(prime):
        resume = resumer().switch
        candidate = resume()
        while candidate != 0:
            candidate = resume(candidate % prime == 0)

    primes, filters = [], []
    candidate = 2
    while len(primes) < size:
        if not any(each.switch(candidate) for each in filters):
            primes.append(candidate)
            started = greenlet(body)
            started.switch(candidate)
            filters.append(started)
        candidate += 1
    for each in filters:
        each.switch(0)
    return primes


def sky(level, number):
    if level == 0:
        resumer().switch(number)
        return 0
    total = 0
    for i in range(10 * number, 10 * number + 10):
        child = greenlet(sky)
        total += child.switch(level - 1, i)
        if not child.dead:
            child.switch()
    return total


PROGRAMS = {
    "suspend-resume": suspend_resume,
    "create-finish": create_finish,
    "sieve": sieve,
    "skynet-nested": lambda size: sky(size, 0),
}

if len(sys.argv) != 4 or sys.argv[1] not in PROGRAMS:
    sys.exit("usage: main.py NAME SIZE WARM_UP_SIZE")
run = PROGRAMS[sys.argv[1]]
run(int(sys.argv[3]))
start = time.perf_counter_ns()
result = run(int(sys.argv[2]))
nanoseconds = time.perf_counter_ns() - start
print(json.dumps({"nanoseconds": nanoseconds, "result": result}))
