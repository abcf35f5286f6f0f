/* The least work of a collector, as a lower bound for the CPU time of a flow. One thread receives NetFlow v9 or IPFIX,
   decodes records by their template into columns, and each 100 ms packs, compresses (zstd 1), writes and syncs them,
   as a journal needs. `store` also writes larger column groups (zstd 3) to a second file, as a query store needs.

   Usage: floor PORT journal|store FILE
   Prints "ready" on stderr when it listens, and one line of JSON 3 s after the last datagram. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum {
  MAX_FIELDS = 24,
  BATCH_ROWS = 1 << 18,
  DATAGRAMS = 64,
  DATAGRAM_BYTES = 2048,
  /* Records have at least 4 bytes. */
  WAKEUP_ROWS = DATAGRAMS * DATAGRAM_BYTES / 4,
  SLOTS = 1 << 23,
};
static const double sync_seconds = 0.1, store_seconds = 1, idle_seconds = 3;

typedef struct { int length, offset, is_address; } Field;
typedef struct { uint64_t *values[MAX_FIELDS]; long rows; } Columns;

static Field fields[MAX_FIELDS];
static int field_count, record_bytes;
static uint8_t packed[1 << 26], compressed[1 << 26];
static ZSTD_CCtx *zstd;

/* Numbers of addresses: open addressing, at most half full in these measurements. */
static uint32_t *keys, *numbers, address_count;

static uint32_t number_of(uint32_t address) {
  uint32_t slot = (address * 0x9E3779B1u) & (SLOTS - 1);
  while (numbers[slot] && keys[slot] != address) slot = (slot + 1) & (SLOTS - 1);
  if (!numbers[slot]) keys[slot] = address, numbers[slot] = ++address_count;
  return numbers[slot] - 1;
}

static double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static double cpu_since(double base) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - base; }

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Minimum, width and differences. Fields of at most two bytes keep whole bytes, in which zstd finds repetitions. */
static size_t pack(uint8_t *to, const uint64_t *values, long count, int whole_bytes) {
  uint64_t low = UINT64_MAX, high = 0;
  for (long i = 0; i < count; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  int width = high == low ? 0 : 64 - __builtin_clzll(high - low);
  memcpy(to, &low, 8);
  to[8] = width;
  memcpy(to + 9, &count, 4);
  uint8_t *at = to + 13;
  if (width == 0) return 13;
  if (width > 56) return memcpy(at, values, count * 8), 13 + count * 8;
  if (whole_bytes) {
    for (int shift = 0; shift < width; shift += 8)
      for (long i = 0; i < count; i++) *at++ = (values[i] - low) >> shift;
    return at - to;
  }
  uint64_t pending = 0;
  int bits = 0;
  for (long i = 0; i < count; i++) {
    pending |= (values[i] - low) << bits;
    for (bits += width; bits >= 8; bits -= 8, pending >>= 8) *at++ = pending;
  }
  if (bits) *at++ = pending;
  return at - to;
}

/* Bytes written. */
static long write_columns(int file, const Columns *columns, int level) {
  size_t length = 0;
  for (int f = 0; f < field_count; f++)
    length += pack(packed + length, columns->values[f], columns->rows, fields[f].length <= 2);
  size_t size = ZSTD_compressCCtx(zstd, compressed, sizeof compressed, packed, length, level);
  if (ZSTD_isError(size) || write(file, compressed, size) != (long)size || fdatasync(file)) fail("write");
  return size;
}

static void read_template(const uint8_t *at, int count) {
  record_bytes = 0;
  field_count = count < MAX_FIELDS ? count : MAX_FIELDS;
  for (int i = 0; i < field_count; i++, at += 4) {
    int id = at[0] << 8 | at[1], length = at[2] << 8 | at[3];
    /* sourceIPv4Address, destinationIPv4Address, ipNextHopIPv4Address */
    fields[i] = (Field){length, record_bytes, id == 8 || id == 12 || id == 15};
    record_bytes += length;
  }
}

static uint64_t big_endian(const uint8_t *from, int length) {
  uint64_t value = 0;
  switch (length) {
  case 1: return *from;
  case 2: return from[0] << 8 | from[1];
  case 4: { uint32_t v; memcpy(&v, from, 4); return __builtin_bswap32(v); }
  case 8: memcpy(&value, from, 8); return __builtin_bswap64(value);
  }
  return 0;
}

static void read_records(const uint8_t *from, long count, Columns *to) {
  for (int f = 0; f < field_count; f++) {
    const uint8_t *at = from + fields[f].offset;
    uint64_t *values = to->values[f] + to->rows;
    const int length = fields[f].length;
    if (fields[f].is_address)
      for (long i = 0; i < count; i++, at += record_bytes) values[i] = number_of(big_endian(at, 4));
    else
      for (long i = 0; i < count; i++, at += record_bytes) values[i] = big_endian(at, length);
  }
  to->rows += count;
}

static void read_datagram(const uint8_t *at, const uint8_t *end, Columns *to) {
  int ipfix = at[1] == 10;
  at += ipfix ? 16 : 20;
  while (at + 4 <= end) {
    int id = at[0] << 8 | at[1], length = at[2] << 8 | at[3];
    if (length < 4 || at + length > end) return;
    if (id == (ipfix ? 2 : 0)) read_template(at + 8, at[6] << 8 | at[7]);
    else if (id >= 256 && record_bytes >= 4) read_records(at + 4, (length - 4) / record_bytes, to);
    at += length;
  }
}

/* Memory with its pages, so that their first use is not measured. */
static void *filled(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) fail("malloc");
  return memset(memory, 0, bytes);
}

static Columns allocate(long limit) {
  Columns columns = {.rows = 0};
  for (int f = 0; f < MAX_FIELDS; f++) columns.values[f] = filled(sizeof(uint64_t) * limit);
  return columns;
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 64 << 20;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  struct timeval timeout = {0, 20000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(fd, (void *)&at, sizeof at)) fail("bind");
  return fd;
}

static int create(const char *path) {
  int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (file < 0) fail(path);
  return file;
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: floor PORT journal|store FILE\n"), 2;
  int with_store = !strcmp(argv[2], "store"), fd = listen_on(atoi(argv[1]));
  char store_path[4096];
  snprintf(store_path, sizeof store_path, "%s.store", argv[3]);
  int journal = create(argv[3]), store = with_store ? create(store_path) : -1;
  zstd = ZSTD_createCCtx();
  keys = filled(4ul * SLOTS), numbers = filled(4ul * SLOTS);
  memset(packed, 1, sizeof packed), memset(compressed, 1, sizeof compressed);
  Columns batch = allocate(BATCH_ROWS), group = allocate(2l * BATCH_ROWS);
  static uint8_t buffers[DATAGRAMS][DATAGRAM_BYTES];
  struct iovec parts[DATAGRAMS];
  struct mmsghdr messages[DATAGRAMS];
  for (int i = 0; i < DATAGRAMS; i++) {
    parts[i] = (struct iovec){buffers[i], DATAGRAM_BYTES};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
  }
  long flows = 0, journal_bytes = 0, store_bytes = 0;
  double synced = seconds_of(CLOCK_MONOTONIC), stored = synced, last = 0, base = 0, used = 0;
  fprintf(stderr, "ready\n");
  for (;;) {
    int received = recvmmsg(fd, messages, DATAGRAMS, MSG_WAITFORONE, 0);
    double now = seconds_of(CLOCK_MONOTONIC);
    if (received > 0) {
      if (!last) base = cpu_since(0);
      last = now;
    }
    for (int i = 0; i < received; i++) read_datagram(buffers[i], buffers[i] + messages[i].msg_len, &batch);
    if (batch.rows && (now - synced > sync_seconds || batch.rows > BATCH_ROWS - WAKEUP_ROWS)) {
      journal_bytes += write_columns(journal, &batch, 1);
      flows += batch.rows;
      if (with_store) {
        for (int f = 0; f < field_count; f++)
          memcpy(group.values[f] + group.rows, batch.values[f], batch.rows * sizeof(uint64_t));
        group.rows += batch.rows;
      }
      batch.rows = 0, synced = now, used = cpu_since(base);
    }
    if (group.rows && (group.rows >= BATCH_ROWS || now - stored > store_seconds)) {
      store_bytes += write_columns(store, &group, 3);
      group.rows = 0, stored = now, used = cpu_since(base);
    }
    if (last && now - last > idle_seconds) break;
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"flows\":%ld,\"cpuSeconds\":%.4f,\"journalBytes\":%ld,\"storeBytes\":%ld,\"addresses\":%u,\"peakBytes\":%ld}\n",
         flows, used, journal_bytes, store_bytes, address_count, usage.ru_maxrss * 1024);
}
