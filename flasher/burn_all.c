/* SPDX-License-Identifier: ISC */
/* A thread a card: a slow one holds nobody up. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "flasher/burn.h"

enum { TELL_NS = 100000000 };

struct crew {
	const struct burn_image *image;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	size_t running;
};

struct hand {
	struct crew *crew;
	struct burn *burn;
	pthread_t thread;
	bool started;
};

static void *work(void *arg)
{
	struct hand *h = arg;

	h->burn->rc = burn_one(h->burn, h->crew->image, &h->burn->e);
	pthread_mutex_lock(&h->crew->lock);
	h->crew->running--;
	pthread_cond_signal(&h->crew->ended);
	pthread_mutex_unlock(&h->crew->lock);
	return NULL;
}

/* Of those that are still at it: the time left is the slowest one's. */
static uint64_t slowest(const struct burn *burns, size_t n)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		uint64_t done = atomic_load(&burns[i].done);

		least = done < least ? done : least;
	}
	return least;
}

static void wait_all(struct crew *crew, struct burn *burns, size_t n, bool (*tell)(void *owner, uint64_t done), void *owner)
{
	struct timespec until;

	pthread_mutex_lock(&crew->lock);
	while (crew->running > 0) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TELL_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&crew->ended, &crew->lock, &until);
		if (tell && !tell(owner, slowest(burns, n)))
			for (size_t i = 0; i < n; i++)
				atomic_store(&burns[i].stop, true);
	}
	pthread_mutex_unlock(&crew->lock);
}

size_t burn_all(struct burn *burns, size_t n, const struct burn_image *image, bool (*tell)(void *owner, uint64_t done), void *owner)
{
	struct crew crew = {image, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, n};
	struct hand *hands = calloc(n, sizeof *hands);
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		burns[i].rc = err_set(&burns[i].e, VERDICT_SYSTEM, "no thread could be started for the card; nothing was written");
		if (hands) {
			hands[i] = (struct hand){.crew = &crew, .burn = &burns[i]};
			hands[i].started = pthread_create(&hands[i].thread, NULL, work, &hands[i]) == 0;
		}
		if (!hands || !hands[i].started) {
			pthread_mutex_lock(&crew.lock);
			crew.running--;
			pthread_mutex_unlock(&crew.lock);
		}
	}
	wait_all(&crew, burns, n, tell, owner);
	for (size_t i = 0; i < n; i++) {
		if (hands && hands[i].started)
			pthread_join(hands[i].thread, NULL);
		failed += burns[i].rc != 0;
	}
	free(hands);
	return failed;
}
