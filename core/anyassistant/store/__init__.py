"""Where hosted assistants, threads and runs live: `memory`, and `sql`."""
