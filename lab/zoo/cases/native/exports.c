//: says = "each export is written by a thread of its own, which then waits for a receiver that was told once and is not told again: threads, stacks and arenas become more"
//: kind = "leak"
//: causes = ["workers-or-arenas"]
//: holder = ["threads"]
//: per_s = 40
//: for_s = 20
//: warm = 20
#include <pthread.h>

#include "serving.h"

enum { ROWS = 60, KEPT = 32 };

struct job {
  long number;
  char *rows[ROWS];
  int fetched;
  pthread_cond_t told;
  struct job *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *waiting;
static char *names[KEPT];
static long written;

static void *export(void *given) {
  struct job *job = given;
  for (int row = 0; row < ROWS; row++) {
    job->rows[row] = malloc(900);
    snprintf(job->rows[row], 900, "export %ld, row %d: %0800d", job->number, row, row);
  }
  pthread_mutex_lock(&lock);
  written++;
  while (!job->fetched) pthread_cond_wait(&job->told, &lock);
  pthread_mutex_unlock(&lock);
  pthread_cond_destroy(&job->told);
  for (int row = 0; row < ROWS; row++) free(job->rows[row]);
  free(job);
  return NULL;
}

static int begin(long number) {
  pthread_t thread;
  struct job *job = calloc(1, sizeof *job);
  job->number = number;
  pthread_cond_init(&job->told, NULL);
  pthread_mutex_lock(&lock);
  job->next = waiting;
  waiting = job;
  pthread_mutex_unlock(&lock);
  if (pthread_create(&thread, NULL, export, job)) return 0;
  pthread_detach(thread);
  return 1;
}

static void hand_over(struct job *job) {
  job->fetched = 1;
  pthread_cond_signal(&job->told);
}

// The receiver takes what is there.
static void fetch(void) {
  pthread_mutex_lock(&lock);
  struct job *job = waiting;
  if (job) {
    waiting = NULL;
    hand_over(job); //~ leak
    for (struct job *next; job; job = next) { //~ fixed
      next = job->next; //~ fixed
      hand_over(job); //~ fixed
    } //~ fixed
  }
  pthread_mutex_unlock(&lock);
}

static void name(long number) {
  char **place = &names[number % KEPT];
  free(*place);
  *place = malloc(64);
  snprintf(*place, 64, "export-%ld.csv", number);
}

static const char *handle(long number, const char *path) {
  static char reply[128];
  (void)path;
  name(number);
  int begun = begin(number);
  if (number % 4 == 0) fetch();
  snprintf(reply, sizeof reply, "%s: %s, %ld before it\n", names[number % KEPT], begun ? "begun" : "refused", written);
  return reply;
}

int main(void) {
  serve(handle);
  return 0;
}
