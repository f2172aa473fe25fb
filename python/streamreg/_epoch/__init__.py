"""An epoch, in the parent process: merge partials, score rows, solve, append what changed, commit."""
