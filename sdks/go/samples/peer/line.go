package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"commy.dev/commy"
)

// object is one of JSON.
type object map[string]any

var speaking sync.Mutex

// say writes a line at once: lines of several goroutines do not mix.
func say(line object) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(fmt.Sprintf("a line that JSON cannot express: %v", err))
	}
	speaking.Lock()
	defer speaking.Unlock()
	if _, err := os.Stdout.Write(append(text, '\n')); err != nil {
		// Nobody listens any more.
		os.Exit(1)
	}
}

// answer writes what became of a command.
func answer(id json.RawMessage, value any, err error) {
	if err == nil {
		say(object{"id": id, "ok": value})
		return
	}
	shown := object{"status": commy.Internal.String(), "reason": err.Error()}
	var failure *commy.Error
	if errors.As(err, &failure) {
		shown = object{"status": failure.Status.String(), "reason": failure.Reason}
		if failure.Status == commy.HandlerFailed {
			shown["code"] = failure.Code
			shown["details"] = failure.Details
		}
	}
	say(object{"id": id, "error": shown})
}
