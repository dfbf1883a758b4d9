/* SPDX-License-Identifier: ISC */
/* Threads with a stack of known size. */
#include "core/thread.h"

int thread_start(pthread_t *out, void *(*work)(void *arg), void *arg)
{
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	error = pthread_attr_setstacksize(&attributes, THREAD_STACK);
	if (error == 0)
		error = pthread_create(out, &attributes, work, arg);
	pthread_attr_destroy(&attributes);
	return error;
}
