package suite_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"suite/customs"
)

func mustParse(text string) url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return *parsed
}

func TestACustomTypeIsWhatTheConfigurationSays(t *testing.T) {
	var address customs.URL = mustParse("https://example.org/a?b=c")
	echoes(t, customs.EchoURL, address)
	if got := customs.HostOf(address); got != "example.org" {
		t.Errorf("got %q", got)
	}
	deeply(t, customs.EchoUrls, []url.URL{address})
}

func TestOneWithoutConfigurationIsWhatItIsMadeOf(t *testing.T) {
	var handle customs.Handle = int64(-5)
	echoes(t, customs.EchoHandle, handle)
	deeply(t, customs.EchoDigest, []byte{1, 2})
}

func TestCustomTypesCrossInsideOthers(t *testing.T) {
	address := mustParse("https://example.org/")
	deeply(t, customs.EchoHandles, map[url.URL]int64{address: 1})
	deeply(t, customs.EchoSite, nil, &customs.Site{URL: address, Handle: pointer[int64](2)}, &customs.Site{URL: address})
}

func TestAValueThatRustCannotConvertIsAnInternalErrorWithItsReason(t *testing.T) {
	err := panics(t, func() { customs.HostOf(mustParse("mailto:someone")) })
	var internal *customs.InternalError
	if !errors.As(err, &internal) || !strings.Contains(err.Error(), "not a URL: mailto:someone") {
		t.Errorf("got %v", err)
	}
}
