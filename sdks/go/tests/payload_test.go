package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"commy.dev/commy"
)

const mib = 1 << 20

func TestPayload_BytesTravelUntouched(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	for _, size := range []int{0, 1, 255, 65_536, mib} {
		payload := make([]byte, size)
		for index := range payload {
			payload[index] = byte(index)
		}
		reply := must(mesh.Call(limited(t), "echo", "", payload))(t)
		if !bytes.Equal(reply.Payload, payload) || reply.ContentType != "application/octet-stream" {
			t.Errorf("%d bytes became %d of %s", size, len(reply.Payload), reply.ContentType)
		}
		if got := must(commy.Call[any](limited(t), mesh, "echo", "", payload))(t); !bytes.Equal(got.([]byte), payload) {
			t.Errorf("%d bytes became %T", size, got)
		}
	}
}

func TestPayload_JSONTravelsAsItIs(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", commy.Func(func(_ context.Context, value any) (any, error) { return value, nil }))
	for _, value := range []any{
		nil, true, 0.0, -1.0, 0.1, -1e-300, "", "ä€🎉\x00\n", "\ufffd \\ufffd", []any{}, map[string]any{},
		[]any{1.0, []any{2.0, []any{3.0}}}, map[string]any{"ä": map[string]any{"b": []any{nil}}},
	} {
		if got := must(commy.Call[any](limited(t), mesh, "echo", "", value))(t); !reflect.DeepEqual(got, value) {
			t.Errorf("%v became %v", value, got)
		}
	}
}

func TestPayload_JSONOnTheWireIsCompactUTF8(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "raw", commy.Func(func(_ context.Context, value []byte) ([]byte, error) { return value, nil }))
	got := must(commy.Call[[]byte](limited(t), mesh, "raw", "", map[string]any{"ä<": []int{1, 2}}))(t)
	equal(t, "the wire", string(got), `{"ä<":[1,2]}`)
}

func TestPayload_BytesThatSayTheyAreJSONAreDecoded(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "sum", commy.Func(func(_ context.Context, value struct{ A []int }) (int, error) { return value.A[0], nil }))
	for _, contentType := range []string{"application/json", "Application/JSON; charset=utf-8"} {
		message := commy.Message{Payload: []byte(` {"a": [1]} `), ContentType: contentType}
		equal(t, contentType, must(commy.Call[int](limited(t), mesh, "sum", "", message))(t), 1)
	}
}

func TestPayload_ARequestThatIsNotTheJSONItSaysIsAnInvalidArgument(t *testing.T) {
	mesh := started(t)
	var calls atomic.Int64
	register(t, mesh, "count", commy.Func(func(context.Context, any) (any, error) { calls.Add(1); return nil, nil }))
	for _, bad := range []string{
		"", "{", "\xff", "\"\xff\"", "\xef\xbb\xbf1", "NaN", "[Infinity]", "1 2", strings.Repeat("[", 100_000),
	} {
		_, err := mesh.Call(limited(t), "count", "", commy.Message{Payload: []byte(bad), ContentType: "application/json"})
		if reason := fails(t, err, commy.InvalidArgument).Reason; !strings.Contains(reason, "not the JSON") {
			t.Error(reason)
		}
	}
	equal(t, "calls", calls.Load(), 0)
	must(mesh.Call(limited(t), "count", "", 1))(t)
}

func TestPayload_ARequestOfAnotherTypeThanTheHandlerTakesIsAnInvalidArgument(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "double", commy.Func(func(_ context.Context, value int) (int, error) { return 2 * value, nil }))
	for _, bad := range []any{"two", []byte("2"), 1.5} {
		_, err := mesh.Call(limited(t), "double", "", bad)
		fails(t, err, commy.InvalidArgument)
	}
	equal(t, "the next", must(commy.Call[int](limited(t), mesh, "double", "", 2))(t), 4)
}

func TestPayload_AReplyThatIsNotTheJSONItSaysIsInternal(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "broken", commy.Func(func(context.Context, any) (commy.Message, error) {
		return commy.Message{Payload: []byte("{"), ContentType: "application/json"}, nil
	}))
	_, err := commy.Call[any](limited(t), mesh, "broken", "", nil)
	known := fails(t, err, commy.Internal)
	if !strings.Contains(known.Reason, "cannot be read") || known.Service != "broken" || known.InstanceID == "" {
		t.Errorf("got %+v", known)
	}
	equal(t, "as it is", string(must(mesh.Call(limited(t), "broken", "", nil))(t).Payload), "{")
}

func TestPayload_AValueThatJSONOrUTF8CannotCarryIsRefused(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	for _, bad := range []any{
		math.NaN(), math.Inf(1), "half \xed\xa0\xbd", map[string]int{"\xff": 1}, make(chan int), func() {}, complex(1, 2),
	} {
		_, err := mesh.Call(limited(t), "echo", "", bad)
		if reason := fails(t, err, commy.InvalidArgument).Reason; !strings.Contains(reason, "must be a []byte or a value that JSON can express") {
			t.Error(reason)
		}
		fails(t, mesh.Publish(limited(t), "topic", bad), commy.InvalidArgument)
	}
}

func TestPayload_AHandlerWhoseReplyCannotBeSentIsInternal(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "wrong", commy.Methods{
		"nan":     commy.Func(func(context.Context, any) (float64, error) { return math.NaN(), nil }),
		"channel": commy.Func(func(context.Context, any) (chan int, error) { return nil, nil }),
		"text":    commy.Func(func(context.Context, any) (string, error) { return "\xff", nil }),
		"headers": commy.Func(func(context.Context, any) (commy.Message, error) {
			return commy.Message{Headers: map[string]string{"k": "\xff"}}, nil
		}),
	})
	for _, method := range []string{"nan", "channel", "text", "headers"} {
		_, err := mesh.Call(limited(t), "wrong", method, nil)
		if reason := fails(t, err, commy.Internal).Reason; !strings.Contains(reason, "cannot be sent") {
			t.Errorf("%s: %s", method, reason)
		}
	}
}

func TestPayload_OneOverTheLimitIsRefusedOnEveryWay(t *testing.T) {
	large := make([]byte, 16*mib)
	mesh := started(t)
	register(t, mesh, "echo", echo)
	register(t, mesh, "large", commy.Func(func(context.Context, any) ([]byte, error) { return large, nil }))
	ctx := limited(t)
	for what, refused := range map[string]func() error{
		"request": func() error { _, err := mesh.Call(ctx, "echo", "", large); return err },
		"reply":   func() error { _, err := mesh.Call(ctx, "large", "", nil); return err },
		"event":   func() error { return mesh.Publish(ctx, "topic", large) },
	} {
		if reason := fails(t, refused(), commy.ResourceExhausted).Reason; !strings.Contains(reason, "bytes") {
			t.Errorf("%s: %s", what, reason)
		}
	}
	equal(t, "a small one", must(commy.Call[string](ctx, mesh, "echo", "", "small"))(t), "small")
}

func TestPayload_OneOverTheDefaultLimitPassesWhereTheLimitIsRaised(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), mib)
	mesh := started(t, commy.WithMaxPayload(16*mib))
	register(t, mesh, "echo", echo)
	if got := must(commy.Call[[]byte](limited(t), mesh, "echo", "", large))(t); !bytes.Equal(got, large) {
		t.Errorf("got %d bytes", len(got))
	}
	_, err := mesh.Call(limited(t), "echo", "", append(large, '!'))
	fails(t, err, commy.ResourceExhausted)
}

func TestPayload_AReplyNamesItsOwnContentType(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "image", commy.HandlerFunc(func(_ context.Context, request *commy.Request) (commy.Message, error) {
		return commy.Message{
			Payload: []byte("\x89PNG"), ContentType: "image/png",
			Headers: map[string]string{"asked": request.Message.ContentType},
		}, nil
	}))
	reply := must(mesh.Call(limited(t), "image", "", commy.Message{Payload: []byte("?"), ContentType: "text/plain"}))(t)
	equal(t, "the reply", fmt.Sprintf("%q %s %v", reply.Payload, reply.ContentType, reply.Headers),
		`"\x89PNG" image/png map[asked:text/plain]`)
	_, err := commy.Decode[string](reply.Message)
	fails(t, err, commy.InvalidArgument)
}

func TestPayload_RawJSONIsPassedOn(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	raw := json.RawMessage(`{"a":12345678901234567890}`)
	got := must(commy.Call[json.RawMessage](limited(t), mesh, "echo", "", raw))(t)
	equal(t, "the text", string(got), string(raw))
}
