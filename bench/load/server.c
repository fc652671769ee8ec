// The HTTP server that load generators are compared against: one thread, one epoll, the same answer to every request, so
// that the generator is what limits the rate. `server [PORT]` listens on 127.0.0.1 and prints its port.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kEvents = 256, kBuffer = 16384, kBacklog = 4096 };

static const char kAnswer[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 14\r\n\r\nHello, world!\n";

// Requests have no body, so each ends with an empty line.
static int requests_in(const char* data, ssize_t length) {
  int requests = 0;
  for (const char* at = data; (at = memmem(at, (size_t)(data + length - at), "\r\n\r\n", 4));) {
    requests++;
    at += 4;
  }
  return requests;
}

static void serve(int socket) {
  char data[kBuffer];
  ssize_t length = read(socket, data, sizeof data);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    close(socket);
    return;
  }
  for (int left = requests_in(data, length); left > 0; left--) {
    if (write(socket, kAnswer, sizeof kAnswer - 1) < 0) return;
  }
}

static void accept_all(int listener, int epoll) {
  for (int socket; (socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  }
}

int main(int argc, char** argv) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr*)&address, size) || listen(listener, kBacklog)) {
    perror("server");
    return 1;
  }
  getsockname(listener, (struct sockaddr*)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    struct epoll_event events[kEvents];
    int count = epoll_wait(epoll, events, kEvents, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener) {
        accept_all(listener, epoll);
      } else {
        serve(events[i].data.fd);
      }
    }
  }
}
