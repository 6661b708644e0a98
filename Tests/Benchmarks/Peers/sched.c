/* The scheduler's reference: the same loop in C. One mutex, an array of flags, two threads.
 *
 *   sched WORKLOAD PERCENT       WORKLOAD: w1a w1b w2 w3 w4 w5 w5u w5s w6 w7
 *
 * Keys are numbers. A queue is a ring of numbers, one for each of two priorities; delays are a
 * binary heap of (due, key) that the workers themselves empty. No metrics, no limits, no backoff but
 * a counter: it bounds from below what any scheduler with one lock costs here. Prints one line of
 * name=value pairs; the workloads are described in ../README.md. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { READY = 1, RUNNING = 2, AGAIN = 4, WAITING = 8 };

typedef struct { int64_t due; uint32_t key; } Entry;
typedef struct { uint32_t *keys, head, tail, mask; } Ring;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static uint8_t *flags;
static Ring rings[2];
static Entry *heap;
static uint32_t heap_count, keys;
static int sleeping, closing;
static uint64_t runs;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int64_t resident(void) {
  long pages = 0, used = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%ld %ld", &pages, &used) != 2) used = 0;
  if (f) fclose(f);
  return (int64_t)used * sysconf(_SC_PAGESIZE);
}

static uint64_t splitmix(uint64_t i) {
  uint64_t z = (i + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

static void *need(size_t count, size_t size) {
  void *p = calloc(count, size);
  if (!p) { perror("calloc"); exit(1); }
  return p;
}

static void setup(uint32_t count) {
  uint32_t size = 1;
  while (size < count + 1) size <<= 1;
  keys = count;
  flags = need(count, 1);
  heap = need(count, sizeof *heap);
  for (int i = 0; i < 2; i++) rings[i] = (Ring){need(size, 4), 0, 0, size - 1};
  pthread_condattr_t a;
  pthread_condattr_init(&a);
  pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
  pthread_cond_init(&wake, &a);
}

/* All below with the lock held. */

static void push(uint32_t key, int urgent) {
  Ring *r = &rings[urgent];
  flags[key] = (flags[key] & ~(WAITING | AGAIN)) | READY;
  r->keys[r->tail++ & r->mask] = key;
  if (sleeping) pthread_cond_signal(&wake);
}

static void add(uint32_t key, int urgent) {
  if (flags[key] & READY) return;
  if (flags[key] & RUNNING) flags[key] |= AGAIN;
  else push(key, urgent);
}

static void heap_push(uint32_t key, int64_t due) {
  uint32_t i = heap_count++;
  while (i && heap[(i - 1) / 2].due > due) { heap[i] = heap[(i - 1) / 2]; i = (i - 1) / 2; }
  heap[i] = (Entry){due, key};
  flags[key] = WAITING;
  if (i == 0 && sleeping) pthread_cond_signal(&wake);
}

static void release(int64_t t) {
  while (heap_count && heap[0].due <= t) {
    uint32_t key = heap[0].key, i = 0, child;
    Entry last = heap[--heap_count];
    while ((child = 2 * i + 1) < heap_count) {
      if (child + 1 < heap_count && heap[child + 1].due < heap[child].due) child++;
      if (heap[child].due >= last.due) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    push(key, 0);
  }
}

/* -1: the end. */
static int64_t take(void) {
  for (;;) {
    if (heap_count) release(now());
    for (int i = 1; i >= 0; i--) {
      Ring *r = &rings[i];
      if (r->head == r->tail) continue;
      uint32_t key = r->keys[r->head++ & r->mask];
      flags[key] = RUNNING;
      return key;
    }
    if (closing) return -1;
    sleeping++;
    if (heap_count) {
      struct timespec t = {heap[0].due / 1000000000, heap[0].due % 1000000000};
      pthread_cond_timedwait(&wake, &lock, &t);
    } else {
      pthread_cond_wait(&wake, &lock);
    }
    sleeping--;
  }
}

static void done(uint32_t key, int64_t delay) {
  int again = flags[key] & AGAIN;
  flags[key] = 0;
  runs++;
  if (again) push(key, 0);
  else if (delay) heap_push(key, now() + delay);
}

/* The handler of the workload: returns the delay after which the key comes back, 0 for none. */
static int64_t (*handle)(uint32_t key);

static void *worker(void *unused) {
  pthread_mutex_lock(&lock);
  for (int64_t key; (key = take()) >= 0;) {
    pthread_mutex_unlock(&lock);
    int64_t delay = handle ? handle(key) : 0;
    pthread_mutex_lock(&lock);
    done(key, delay);
  }
  pthread_mutex_unlock(&lock);
  return unused;
}

static pthread_t workers[2];
static void start(void) { for (int i = 0; i < 2; i++) pthread_create(&workers[i], 0, worker, 0); }
static void join(void) {
  pthread_mutex_lock(&lock);
  closing = 1;
  pthread_cond_broadcast(&wake);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < 2; i++) pthread_join(workers[i], 0);
}
static void locked_add(uint32_t key, int urgent) {
  pthread_mutex_lock(&lock);
  add(key, urgent);
  pthread_mutex_unlock(&lock);
}
static void locked_delay(uint32_t key, int64_t delay) {
  int64_t due = now() + delay;
  pthread_mutex_lock(&lock);
  heap_push(key, due);
  pthread_mutex_unlock(&lock);
}
static uint64_t counted(void) {
  pthread_mutex_lock(&lock);
  uint64_t n = runs;
  pthread_mutex_unlock(&lock);
  return n;
}
static void await(uint64_t target) { while (counted() < target) usleep(200); }
static void nap(double seconds) { usleep((useconds_t)(seconds * 1e6)); }
static int order(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}
static uint32_t scaled(uint32_t full, double percent) {
  uint32_t n = (uint32_t)(full * percent / 100);
  return n ? n : 1;
}

static void w1(uint32_t n, int waiting) {
  setup(n);
  if (waiting) { start(); nap(0.05); }
  double c = cpu();
  int64_t t = now(), filled;
  for (uint32_t i = 0; i < n; i++) locked_add(i, 0);
  filled = now();
  if (!waiting) start();
  join();
  double wall = (now() - t) / 1e9, fill = (filled - t) / 1e9;
  printf("rate=%.0f fill=%.0f drain=%.0f cpu_ns=%.1f\n", n / wall, n / fill, n / (wall - fill),
         (cpu() - c) / n * 1e9);
}

static uint64_t adds_each;
static void *adder(void *p) {
  uint64_t producer = (uint64_t)p;
  for (uint64_t i = 0; i < adds_each; i++) locked_add((i * 7919 + 5000 * producer) % keys, 0);
  return 0;
}
static void w2(double percent) {
  setup(10000);
  adds_each = scaled(2500000, percent);
  start();
  double c = cpu();
  int64_t t = now();
  pthread_t producers[2];
  for (uint64_t i = 0; i < 2; i++) pthread_create(&producers[i], 0, adder, (void *)i);
  for (int i = 0; i < 2; i++) pthread_join(producers[i], 0);
  double wall = (now() - t) / 1e9, total = 2.0 * adds_each;
  join();
  printf("rate=%.0f runs=%lu cpu_ns=%.1f\n", total / wall, runs, (cpu() - c) / total * 1e9);
}

static int64_t *late, *due;
static int64_t note(uint32_t key) { late[key] = now() - due[key]; return 0; }
static void percentiles(int64_t *values, uint32_t n) {
  qsort(values, n, sizeof *values, order);
  printf("p50_us=%.1f p99_us=%.1f max_us=%.1f ", values[n / 2] / 1e3,
         values[(uint64_t)n * 99 / 100] / 1e3, values[n - 1] / 1e3);
}
static void w3(uint32_t n) {
  setup(n);
  late = need(n, 8);
  due = need(n, 8);
  handle = note;
  start();
  double c = cpu();
  for (uint32_t i = 0; i < n; i++) {
    int64_t delay = (int64_t)(splitmix(i) % 10000000000ULL);
    due[i] = now() + delay;
    locked_delay(i, delay + 1);
  }
  int64_t filled = now(), *steady = need(n, 8);
  uint32_t count = 0;
  await(n);
  c = cpu() - c;
  for (uint32_t i = 0; i < n; i++) if (due[i] > filled + 500000000) steady[count++] = late[i];
  percentiles(steady, count);
  printf("cpu_ns=%.1f\n", c / n * 1e9);
  join();
}

static uint8_t *failures;
static int64_t fail(uint32_t key) {
  int64_t delay = 5000000LL << failures[key]++;
  return delay > 1000000000000LL ? 1000000000000LL : delay;
}
static void w4(uint32_t n) {
  setup(n);
  failures = need(n, 1);
  handle = fail;
  double c = cpu();
  int64_t t = now();
  start();
  for (uint32_t i = 0; i < n; i++) locked_add(i, 0);
  while (now() - t < 1000000000) usleep(1000);
  uint64_t first = counted();
  while (now() - t < 20000000000) usleep(10000);
  uint64_t all = counted();
  printf("attempts=%lu first=%lu cpu_ns=%.1f\n", all, first, (cpu() - c) / all * 1e9);
}

static char **states, wanted[200];
static int64_t interval;
static uint64_t differing;
static pthread_rwlock_t map_lock = PTHREAD_RWLOCK_INITIALIZER;
static int64_t look(uint32_t key) {
  pthread_rwlock_rdlock(&map_lock);
  char *state = states[key];
  pthread_rwlock_unlock(&map_lock);
  if (memcmp(state, wanted, sizeof wanted)) __atomic_fetch_add(&differing, 1, __ATOMIC_RELAXED);
  return interval;
}
static void w5(uint32_t n, int spread, double each, double warm, double window) {
  setup(n);
  states = need(n, sizeof *states);
  for (uint32_t i = 0; i < n; i++) states[i] = need(1, sizeof wanted);
  interval = (int64_t)(each * 1e9);
  handle = look;
  start();
  int64_t t = now();
  for (uint32_t i = 0; i < n; i++) {
    if (spread) locked_delay(i, 1 + (int64_t)(splitmix(i) % 10000000000ULL));
    else locked_add(i, 0);
  }
  nap(warm - (now() - t) / 1e9);
  uint64_t before = counted();
  double c = cpu();
  int64_t from = now();
  nap(window);
  uint64_t made = counted() - before;
  double wall = (now() - from) / 1e9;
  printf("rate=%.0f cpu_ns=%.1f\n", made / wall, (cpu() - c) / (made ? made : 1) * 1e9);
}

static void w6(uint32_t n) {
  int64_t before = resident();
  setup(n);
  start();
  int64_t t = now();
  for (uint32_t i = 0; i < n; i++) locked_delay(i, 3600000000000LL);
  double wall = (now() - t) / 1e9;
  nap(0.5);
  double bytes = (double)(resident() - before) / n, c = cpu();
  nap(2);
  printf("rate=%.0f bytes=%.1f idle_ms=%.3f\n", n / wall, bytes, (cpu() - c) / 2 * 1e3);
}

static uint32_t backlog;
static int64_t *added, *waited;
static uint64_t low;
static int64_t spin(uint32_t key) {
  int64_t t = now();
  if (key >= backlog) waited[key - backlog] = t - added[key - backlog];
  else __atomic_fetch_add(&low, 1, __ATOMIC_RELAXED);
  while (now() - t < 20000) {}
  return 0;
}
static void w7(double percent) {
  uint32_t urgent = scaled(1000, percent);
  backlog = scaled(200000, percent);
  setup(backlog + urgent);
  added = need(urgent, 8);
  waited = need(urgent, 8);
  for (uint32_t i = 0; i < backlog; i++) locked_add(i, 0);
  handle = spin;
  start();
  nap(0.2 * (percent < 100 ? percent / 100 : 1));
  uint64_t before = __atomic_load_n(&low, __ATOMIC_RELAXED);
  for (uint32_t i = 0; i < urgent; i++) {
    added[i] = now();
    locked_add(backlog + i, 1);
    usleep(1000);
  }
  uint64_t after = __atomic_load_n(&low, __ATOMIC_RELAXED);
  join();
  percentiles(waited, urgent);
  printf("low=%lu\n", after - before);
}

int main(int count, char **arguments) {
  if (count != 3) { fprintf(stderr, "usage: sched WORKLOAD PERCENT\n"); return 64; }
  const char *w = arguments[1];
  double percent = atof(arguments[2]);
  uint32_t million = scaled(1000000, percent);
  if (!strcmp(w, "w1a")) w1(million, 0);
  else if (!strcmp(w, "w1b")) w1(million, 1);
  else if (!strcmp(w, "w2")) w2(percent);
  else if (!strcmp(w, "w3")) w3(million);
  else if (!strcmp(w, "w4")) w4(scaled(100000, percent));
  else if (!strcmp(w, "w5")) w5(million, 0, 10, 15, 20);
  else if (!strcmp(w, "w5u")) w5(million, 1, 10, 15, 20);
  else if (!strcmp(w, "w5s")) w5(million, 0, 1, 5, 10);
  else if (!strcmp(w, "w6")) w6(million);
  else if (!strcmp(w, "w7")) w7(percent);
  else { fprintf(stderr, "sched: no workload %s\n", w); return 64; }
  return 0;
}
