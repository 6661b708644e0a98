/* Reads the benchmark's manifests with libyaml and does nothing with the events: the floor for
   whatever is built on it. Prints the CPU time of a document in nanoseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

enum { documents_of_file = 100 };

static size_t append_document(char *text, size_t at, int number) {
  return at + (size_t)sprintf(
                  text + at,
                  "---\n"
                  "apiVersion: files/v1\n"
                  "kind: File\n"
                  "metadata:\n"
                  "  name: file-%06d\n"
                  "  labels: {tier: base, app: web}\n"
                  "dependsOn: [Directory/etc-app]\n"
                  "lifecycle:\n"
                  "  interval: 5m\n"
                  "spec:\n"
                  "  path: /etc/app/conf.d/file-%06d.conf\n"
                  "  content: \"listen = 127.0.0.1:%d\\n\"\n"
                  "  mode: \"0644\"\n"
                  "  owner: root\n",
                  number, number, number);
}

static long read_events(const char *text, size_t size) {
  yaml_parser_t parser;
  yaml_event_t event;
  long events = 0;
  int done = 0;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  while (!done) {
    if (!yaml_parser_parse(&parser, &event)) {
      fprintf(stderr, "yamlevents: %s\n", parser.problem);
      exit(1);
    }
    done = event.type == YAML_STREAM_END_EVENT;
    events++;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return events;
}

static double cpu(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int count, char **arguments) {
  double percent = count > 1 ? atof(arguments[1]) : 100;
  int documents = (int)(10000 * percent / 100);
  int files = documents / documents_of_file > 0 ? documents / documents_of_file : 1;
  char **texts = calloc((size_t)files, sizeof *texts);
  size_t *sizes = calloc((size_t)files, sizeof *sizes);
  for (int file = 0; file < files; file++) {
    texts[file] = malloc(512 * documents_of_file);
    for (int i = 0; i < documents_of_file; i++)
      sizes[file] = append_document(texts[file], sizes[file], file * documents_of_file + i);
  }
  double start = cpu();
  long events = 0;
  for (int file = 0; file < files; file++) events += read_events(texts[file], sizes[file]);
  double used = cpu() - start;
  printf("cpu_ns=%.0f events=%ld\n", used / (files * documents_of_file), events);
  return 0;
}
