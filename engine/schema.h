/*
 * Where the fields that we set stand in workerd.capnp's structs, as `capnp compile -ocapnp` prints
 * them. A struct may be shorter than the schema's: what is not there has its default.
 *
 * X_DATA and X_POINTERS are a struct's sizes in words; other names are the index of a pointer, the
 * byte of a union's tag (X_KIND) or its value (X_IS_...).
 */
#pragma once

/* In front of a function's name; no other service has it, so a function may be called "internet" or
 * "router". */
#define OT_FUNCTION_SERVICE "fn:"

/* What build/shim/actor.js exports and reads. A variable cannot have such a name. */
#define ISOLATE_CLASS "OnetubeIsolate"
#define ISOLATE_BINDING "onetube:isolate"

enum { CONFIG_DATA = 1, CONFIG_POINTERS = 2, CONFIG_SERVICES = 0, CONFIG_SOCKETS = 1 };

enum {
    SOCKET_DATA = 2,
    SOCKET_POINTERS = 5,
    SOCKET_NAME = 0,
    SOCKET_HTTP = 2, /* the union's tag for it is 0 */
    SOCKET_SERVICE = 4
};

enum { HTTP_DATA = 1, HTTP_POINTERS = 1, HTTP_FORWARDED_PROTO = 0 };

enum {
    SERVICE_DATA = 1,
    SERVICE_POINTERS = 2,
    SERVICE_KIND = 0,
    SERVICE_IS_WORKER = 1,
    SERVICE_IS_NETWORK = 2,
    SERVICE_NAME = 0,
    SERVICE_BODY = 1
};

enum {
    DESIGNATOR_DATA = 1,
    DESIGNATOR_POINTERS = 3,
    DESIGNATOR_NAME = 0,
    DESIGNATOR_PROPS = 0,
    DESIGNATOR_PROPS_JSON = 1,
    DESIGNATOR_PROPS_TEXT = 2
};

enum {
    WORKER_DATA = 1,
    WORKER_POINTERS = 6,
    WORKER_MODULES = 0, /* the union's tag for it is 0 */
    WORKER_DATE = 1,
    WORKER_FLAGS = 2,
    WORKER_BINDINGS = 3,
    WORKER_OUTBOUND = 4,
    WORKER_NAMESPACES = 5,
    WORKER_STORAGE = 2,
    WORKER_STORES_IN_MEMORY = 1
};

enum {
    MODULE_DATA = 1,
    MODULE_POINTERS = 2,
    MODULE_KIND = 0,
    MODULE_IS_ES = 0,
    MODULE_IS_DATA = 3,
    MODULE_IS_WASM = 4,
    MODULE_NAME = 0,
    MODULE_BODY = 1
};

enum {
    BINDING_DATA = 1,
    BINDING_POINTERS = 2,
    BINDING_KIND = 0,
    BINDING_IS_JSON = 4,
    BINDING_IS_SERVICE = 7,
    BINDING_IS_NAMESPACE = 8,
    BINDING_IS_FROM_ENVIRONMENT = 14,
    BINDING_NAME = 0,
    BINDING_BODY = 1
};

enum { CLASS_DESIGNATOR_DATA = 0, CLASS_DESIGNATOR_POINTERS = 1, CLASS_DESIGNATOR_NAME = 0 };

enum {
    NAMESPACE_DATA = 1,
    NAMESPACE_POINTERS = 2,
    NAMESPACE_CLASS = 0,
    NAMESPACE_KEY = 1,              /* the union's tag for it is 0 */
    NAMESPACE_PREVENT_EVICTION = 16 /* bit */
};

enum {
    NETWORK_DATA = 0,
    NETWORK_POINTERS = 3,
    NETWORK_ALLOW = 0,
    NETWORK_DENY = 1,
    NETWORK_TLS = 2
};

enum { TLS_DATA = 1, TLS_POINTERS = 0, TLS_TRUST_BROWSER_CAS = 1 /* bit */ };
