/* SPDX-License-Identifier: ISC */
/* Threads have the stack that core/thread.h says, whatever the C library's default is. */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "core/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void *measure(void *out)
{
	volatile unsigned char deep[THREAD_STACK / 4]; /* ThreadSanitizer's own data take half of it */
	pthread_attr_t attributes;

	for (size_t i = 0; i < sizeof deep; i += 1024) /* each page is there */
		deep[i] = 1;
	if (deep[0] == 1 && pthread_getattr_np(pthread_self(), &attributes) == 0) {
		(void)pthread_attr_getstacksize(&attributes, out);
		pthread_attr_destroy(&attributes);
	}
	return out;
}

static void a_thread_has_its_stack(void **state)
{
	size_t size = 0;
	void *returned = NULL;
	pthread_t thread;

	(void)state;
	assert_int_equal(thread_start(&thread, measure, &size), 0);
	assert_int_equal(pthread_join(thread, &returned), 0);
	assert_ptr_equal(returned, &size);
	assert_true(size >= THREAD_STACK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_has_its_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
