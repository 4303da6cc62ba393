"""The programs are run and type-checked as they stand, not collected."""

collect_ignore = ["programs"]
