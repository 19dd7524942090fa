// Changes of a case's snapshot that somebody accepted, and what waits to be (grammar in docs/store.md).
#pragma once

#include <string>
#include <vector>

namespace snapshot_test::store {

/// A change of a case's snapshot that somebody accepted.
struct Change {
  std::string time;                 ///< UTC, "2026-11-23T07:15:00Z"
  std::string who;                  ///< the user's name
  std::string why;                  ///< may be empty
  std::string run_before;           ///< the run of the snapshot that was replaced; empty where there was none
  std::string run;                  ///< that of the one that replaced it
  std::vector<std::string> before;  ///< objects_of() the one
  std::vector<std::string> after;   ///< and the other
};

/// Of a value that waits to be accepted: what it is to replace, and what it was made from.
struct Proposal {
  std::string verdict;              ///< on the case, as verify names it
  std::string reason;               ///< its one line
  std::string run_before;           ///< as in Change
  std::vector<std::string> before;  ///< objects_of() the baseline's record
  std::string file;                 ///< the benchmark's source file; empty where it is not known
  std::string source;               ///< SHA-256 of its text
};

}  // namespace snapshot_test::store
