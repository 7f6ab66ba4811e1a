// The outside server: plain HTTP over plain sockets, in a thread of its own. It knows nothing of
// commy; anything that answers at an address would do.

#include "shop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 2048 };

struct Invoicing {
  int listener;
  int port;
  atomic_bool is_closing;
  pthread_t thread;
};

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/// Reads to an empty line, or to the end; gives how much that is.
static size_t read_head(int socket, char *text, size_t room) {
  size_t length = 0;
  text[0] = '\0';
  while (length + 1 < room && strstr(text, "\r\n\r\n") == NULL) {
    const ssize_t got = recv(socket, text + length, room - 1 - length, 0);
    if (got <= 0) {
      break;
    }
    length += (size_t)got;
    text[length] = '\0';
  }
  return length;
}

static void serve(int client) {
  char request[REQUEST_MAX], path[REQUEST_MAX] = "", body[REQUEST_MAX + 16],
                             answer[2 * REQUEST_MAX];
  read_head(client, request, sizeof request);
  sscanf(request, "%*s %2047s", path);
  const char *status = "200 OK";
  if (strncmp(path, "/invoices/", 10) == 0) {
    snprintf(body, sizeof body, "invoice for %s", path + 10);
  } else if (strcmp(path, "/health") == 0) {
    strcpy(body, "up");
  } else {
    status = "404 Not Found";
    body[0] = '\0';
  }
  const int length = snprintf(answer, sizeof answer,
                              "HTTP/1.1 %s\r\ncontent-length: %zu\r\nconnection: close\r\n\r\n%s",
                              status, strlen(body), body);
  // A client that breaks off is no reason to stop serving the others.
  send(client, answer, (size_t)length, MSG_NOSIGNAL);
  close(client);
}

static void *serve_all(void *context) {
  Invoicing *server = context;
  for (;;) {
    const int client = accept(server->listener, NULL, NULL);
    if (server->is_closing) {
      close(client);
      return NULL;
    }
    if (client >= 0) {
      serve(client);
    }
  }
}

Invoicing *open_invoicing(void) {
  Invoicing *server = calloc(1, sizeof *server);
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (server == NULL) {
    return NULL;
  }
  server->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server->listener, (struct sockaddr *)&address, length) != 0 ||
      listen(server->listener, 16) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &length) != 0 ||
      pthread_create(&server->thread, NULL, serve_all, server) != 0) {
    close(server->listener);
    free(server);
    return NULL;
  }
  server->port = ntohs(address.sin_port);
  return server;
}

int port_of(const Invoicing *server) { return server->port; }

static int reach(int port) {
  const struct sockaddr_in address = loopback(port);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (const struct sockaddr *)&address, sizeof address) != 0) {
    close(client);
    return -1;
  }
  return client;
}

void close_invoicing(Invoicing *server) {
  server->is_closing = true;
  // Wakes the thread, which waits for a client.
  close(reach(server->port));
  pthread_join(server->thread, NULL);
  close(server->listener);
  free(server);
}

bool dial(const char *endpoint, const char *order, char *answer, size_t room) {
  char text[REQUEST_MAX];
  int port = 0;
  sscanf(endpoint, "http://127.0.0.1:%d", &port);
  const int client = reach(port);
  if (client < 0) {
    return false;
  }
  const int length =
      snprintf(text, sizeof text,
               "GET /invoices/%s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n", order);
  send(client, text, (size_t)length, MSG_NOSIGNAL);
  size_t got = 0;
  ssize_t more;
  while (got + 1 < sizeof text && (more = recv(client, text + got, sizeof text - 1 - got, 0)) > 0) {
    got += (size_t)more;
  }
  text[got] = '\0';
  close(client);
  const char *body = strstr(text, "\r\n\r\n");
  if (strncmp(text, "HTTP/1.1 200 ", 13) != 0 || body == NULL) {
    return false;
  }
  snprintf(answer, room, "%s", body + 4);
  return true;
}
