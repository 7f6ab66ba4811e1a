package main

import (
	"context"
	"encoding/json"

	"commy.dev/commy"
)

// service is what every peer serves.
var service = commy.Methods{
	"echo": commy.Func(func(_ context.Context, value json.RawMessage) (json.RawMessage, error) {
		return value, nil
	}),
	"bytes": commy.Func(func(_ context.Context, bytes []byte) ([]byte, error) {
		return bytes, nil
	}),
	"fail": commy.Func(func(context.Context, json.RawMessage) (any, error) {
		return nil, &commy.HandlerError{
			Code:    "OUT_OF_STOCK",
			Reason:  "none of tea left",
			Details: object{"left": 0, "of": []string{"tea"}},
		}
	}),
	"hold": commy.Func(func(ctx context.Context, _ json.RawMessage) (any, error) {
		say(object{"told": "held"})
		<-ctx.Done()
		say(object{"told": "let go"})
		return nil, ctx.Err()
	}),
}
