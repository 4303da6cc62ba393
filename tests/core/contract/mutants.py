"""All mutants."""

import mutants_of_answers
import mutants_of_backends
import mutants_of_files
import mutants_of_hosts
import mutants_of_leaks
import mutants_of_requests
import mutants_of_state
import mutants_of_stores
import mutants_of_time
from mutant import Mutant

MUTANTS: list[Mutant] = [
    *mutants_of_requests.MUTANTS,
    *mutants_of_answers.MUTANTS,
    *mutants_of_leaks.MUTANTS,
    *mutants_of_state.MUTANTS,
    *mutants_of_stores.MUTANTS,
    *mutants_of_time.MUTANTS,
    *mutants_of_hosts.MUTANTS,
    *mutants_of_backends.MUTANTS,
    *mutants_of_files.MUTANTS,
]
