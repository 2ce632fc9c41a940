"""Prints the CPU seconds of a fixed piece of work, the least of a few tries."""

import time


def work():
    total, seen = 0, {}
    for number in range(150_000):
        total += number * number % 7
        seen[number % 997] = total
    return total


def measure():
    best = 9.0
    for _ in range(4):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    print(measure())
