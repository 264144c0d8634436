// SPDX-License-Identifier: Apache-2.0
// What the system takes to wake a thread that sleeps in epoll_wait(), when another one that was just woken itself writes to its
// eventfd: nothing that goes from thread to thread can be faster. Prints the median in nanoseconds.
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static int jobs, event;
static _Atomic int64_t written_ns;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void* worker(void* arg) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        while (!jobs) pthread_cond_wait(&wanted, &mutex);
        jobs--;
        pthread_mutex_unlock(&mutex);
        written_ns = now_ns();
        if (eventfd_write(event, 1)) abort();
    }
    return arg;
}

static int ascending(const void* a, const void* b) {
    const int64_t x = *(const int64_t*)a, y = *(const int64_t*)b;
    return (x > y) - (x < y);
}

int main(void) {
    static int64_t took[ROUNDS];
    const int set = epoll_create1(0);
    struct epoll_event out = {.events = EPOLLIN | EPOLLET};
    pthread_t thread;
    event = eventfd(0, EFD_NONBLOCK);
    if (set < 0 || event < 0 || epoll_ctl(set, EPOLL_CTL_ADD, event, &out)) return 1;
    if (pthread_create(&thread, NULL, worker, NULL)) return 1;
    for (int i = 0; i < ROUNDS; i++) {
        eventfd_t count;
        pthread_mutex_lock(&mutex);
        jobs++;
        pthread_cond_signal(&wanted);
        pthread_mutex_unlock(&mutex);
        while (epoll_wait(set, &out, 1, -1) != 1) continue;
        took[i] = now_ns() - written_ns;
        eventfd_read(event, &count);
    }
    pthread_join(thread, NULL);
    qsort(took, ROUNDS, sizeof took[0], ascending);
    printf("%lld\n", (long long)took[ROUNDS / 2]);
    return 0;
}
