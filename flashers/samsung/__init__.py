"""Samsung's download mode, as Heimdall speaks it: the client and the flasher."""
