#pragma once
// Waiting before PostgreSQL is tried again is as with every other server.
#include "persistence/backoff.hpp"
