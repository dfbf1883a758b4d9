/* SPDX-License-Identifier: ISC */
/* Looked up once, then passed on. */
#include "flasher/curl_late.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

/* The name that programs linked to it carry: its interface has been the same since 2006. */
static const char soname[] = "libcurl.so.4";

#define CALLS(X) \
	X(curl_easy_cleanup) X(curl_easy_getinfo) X(curl_easy_init) X(curl_easy_pause) X(curl_easy_setopt) X(curl_easy_strerror) \
	X(curl_global_cleanup) X(curl_global_init_mem) X(curl_multi_add_handle) X(curl_multi_assign) X(curl_multi_cleanup) \
	X(curl_multi_info_read) X(curl_multi_init) X(curl_multi_remove_handle) X(curl_multi_setopt) X(curl_multi_socket_action) \
	X(curl_slist_append) X(curl_slist_free_all)

#define MEMBER(name) __typeof__(name) *name##_;
static struct {
	CALLS(MEMBER)
} real;

#define ENTRY(name) {#name, &real.name##_},
static const struct {
	const char *name;
	void *where; /* of a pointer to a function */
} calls[] = {CALLS(ENTRY)};

int curl_late_load(struct err *e)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return err_set(e, VERDICT_SYSTEM, "cannot load libcurl, which talks to boards: %s", dlerror());
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		void *found = dlsym(library, calls[i].name);

		if (!found)
			return err_set(e, VERDICT_SYSTEM, "%s has no %s", soname, calls[i].name);
		memcpy(calls[i].where, &found, sizeof found); /* POSIX: a pointer to a function fits */
	}
	return 0; /* and it stays for as long as the program runs */
}

/* NOLINTBEGIN(bugprone-branch-clone): branches below differ in the type that they take */

/* --- one handle --- */

CURL *curl_easy_init(void)
{
	return real.curl_easy_init_();
}

void curl_easy_cleanup(CURL *curl)
{
	real.curl_easy_cleanup_(curl);
}

/* An option's number tells the type of its value: curl.h, CURLOPTTYPE_*. */
CURLcode (curl_easy_setopt)(CURL *curl, CURLoption option, ...)
{
	CURLcode code;
	va_list args;

	va_start(args, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		code = real.curl_easy_setopt_(curl, option, va_arg(args, long));
	else if ((int)option >= CURLOPTTYPE_OFF_T && (int)option < CURLOPTTYPE_BLOB)
		code = real.curl_easy_setopt_(curl, option, va_arg(args, curl_off_t));
	else
		code = real.curl_easy_setopt_(curl, option, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLcode (curl_easy_getinfo)(CURL *curl, CURLINFO info, ...)
{
	CURLcode code;
	va_list args;

	va_start(args, info);
	code = real.curl_easy_getinfo_(curl, info, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLcode curl_easy_pause(CURL *handle, int bitmask)
{
	return real.curl_easy_pause_(handle, bitmask);
}

const char *curl_easy_strerror(CURLcode code)
{
	return real.curl_easy_strerror_(code);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *data)
{
	return real.curl_slist_append_(list, data);
}

void curl_slist_free_all(struct curl_slist *list)
{
	real.curl_slist_free_all_(list);
}

/* --- many --- */

CURLM *curl_multi_init(void)
{
	return real.curl_multi_init_();
}

CURLMcode curl_multi_cleanup(CURLM *multi_handle)
{
	return real.curl_multi_cleanup_(multi_handle);
}

CURLMcode (curl_multi_setopt)(CURLM *multi_handle, CURLMoption option, ...)
{
	CURLMcode code;
	va_list args;

	va_start(args, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		code = real.curl_multi_setopt_(multi_handle, option, va_arg(args, long));
	else
		code = real.curl_multi_setopt_(multi_handle, option, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLMcode curl_multi_add_handle(CURLM *multi_handle, CURL *curl_handle)
{
	return real.curl_multi_add_handle_(multi_handle, curl_handle);
}

CURLMcode curl_multi_remove_handle(CURLM *multi_handle, CURL *curl_handle)
{
	return real.curl_multi_remove_handle_(multi_handle, curl_handle);
}

CURLMcode curl_multi_assign(CURLM *multi_handle, curl_socket_t sockfd, void *sockp)
{
	return real.curl_multi_assign_(multi_handle, sockfd, sockp);
}

CURLMsg *curl_multi_info_read(CURLM *multi_handle, int *msgs_in_queue)
{
	return real.curl_multi_info_read_(multi_handle, msgs_in_queue);
}

CURLMcode curl_multi_socket_action(CURLM *multi_handle, curl_socket_t s, int ev_bitmask, int *running_handles)
{
	return real.curl_multi_socket_action_(multi_handle, s, ev_bitmask, running_handles);
}

/* NOLINTEND(bugprone-branch-clone) */

/* --- all of it --- */

CURLcode curl_global_init_mem(long flags, curl_malloc_callback m, curl_free_callback f, curl_realloc_callback r,
			      curl_strdup_callback s, curl_calloc_callback c)
{
	return real.curl_global_init_mem_(flags, m, f, r, s, c);
}

void curl_global_cleanup(void)
{
	real.curl_global_cleanup_();
}
