#pragma once
// SQLite writes each frame of its write-ahead log with two small writes, a dozen system calls for an order. This layer between SQLite and the operating
// system (a VFS shim: sqlite.org/vfs.html) keeps the log's writes in memory until the log is synced, read or closed, and then writes them as one.
//
// Nothing is weaker than before: with synchronous=FULL every commit syncs the log before anybody is told of it, here or in another process, and the sync
// writes first. What had not been synced could be lost before, too.

namespace coreldove::persistence::sqlite {

/// The name to open a writing connection with; registered at the first call. Thread-safe.
const char* wal_buffer_vfs();

}  // namespace coreldove::persistence::sqlite
