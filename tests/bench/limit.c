/* SPDX-License-Identifier: ISC */
/* What a machine can do: FILE to N addresses at once with sendfile and epoll, one thread, no library, no care.
 *     limit FILE N PORT */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char part[] = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n", tail[] = "\r\n--b--\r\n";

struct board {
	int fd;
	unsigned step; /* 0 head, 1 file, 2 tail, 3 answer */
	off_t at;
};

/* Returns 1 when the board is done. */
static int go_on(struct board *b, int file, off_t size)
{
	char head[512];
	int n;

	if (b->step == 0) {
		n = snprintf(head, sizeof head,
			     "POST /cgi-bin/upgrade.cgi HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
			     "Content-Length: %lld\r\n\r\n%s", (long long)(sizeof part - 1 + (size_t)size + sizeof tail - 1), part);
		if (send(b->fd, head, (size_t)n, MSG_NOSIGNAL | MSG_MORE) != n)
			abort();
		b->step = 1;
	}
	while (b->step == 1) {
		ssize_t sent = sendfile(b->fd, file, &b->at, (size_t)(size - b->at));

		if (sent < 0 && errno == EAGAIN)
			return 0;
		if (sent < 0)
			abort();
		b->step = b->at == size ? 2 : 1;
	}
	if (b->step == 2) {
		if (send(b->fd, tail, sizeof tail - 1, MSG_NOSIGNAL) < 0)
			return 0;
		b->step = 3;
	}
	return recv(b->fd, head, sizeof head, MSG_DONTWAIT) >= 0;
}

int main(int argc, char **argv)
{
	unsigned n = argc == 4 ? (unsigned)atoi(argv[2]) : 0, left = n;
	struct board *boards = calloc(n + 1, sizeof *boards);
	struct epoll_event events[256];
	int poller = epoll_create1(0), file = n ? open(argv[1], O_RDONLY) : -1;
	struct rlimit files;
	struct stat st;

	if (file < 0 || fstat(file, &st) || !boards)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3])),
					.sin_addr.s_addr = htonl(0x7f000101u + i / 250 * 256 + i % 250)};
		struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &boards[i]};

		boards[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (boards[i].fd < 0 || (connect(boards[i].fd, (struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS) ||
		    epoll_ctl(poller, EPOLL_CTL_ADD, boards[i].fd, &event))
			return 1;
	}
	while (left) {
		int ready = epoll_wait(poller, events, 256, -1);

		for (int i = 0; i < ready; i++) {
			struct board *b = events[i].data.ptr;

			if (b->fd >= 0 && (events[i].events & (EPOLLOUT | EPOLLIN)) && go_on(b, file, st.st_size)) {
				close(b->fd);
				b->fd = -1;
				left--;
			}
		}
	}
	return 0;
}
