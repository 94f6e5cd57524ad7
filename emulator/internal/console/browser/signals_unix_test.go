package browser_test

import "syscall"

// Signals that have a process stand still and go on.
const stopSignal, continueSignal = syscall.SIGSTOP, syscall.SIGCONT
