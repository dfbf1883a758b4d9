/* SPDX-License-Identifier: ISC */
/* Threads with a stack of known size: musl's default is 128 KiB, glibc's is what the shell's limit says. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <pthread.h>

/* Bytes of stack. The deepest path, an audit's worker in a slot, takes some 30 KiB with its callees. */
#define THREAD_STACK ((size_t)256 * 1024)

/* Starts WORK(ARG) on a thread with THREAD_STACK bytes of stack; the caller joins it. Returns 0, or an error number as pthread_create
 * does (EAGAIN: no memory or no process slot), and then *OUT is not set. */
int thread_start(pthread_t *out, void *(*work)(void *arg), void *arg) __attribute__((warn_unused_result));

#endif
