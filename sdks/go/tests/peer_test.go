package tests

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"commy.dev/commy"
)

// TestMain gives the tests a run-time directory of their own, so that nobody else meets them,
// or is the program of a peer.
func TestMain(m *testing.M) {
	if options, isPeer := os.LookupEnv(asPeer); isPeer {
		os.Exit(runPeer(options))
	}
	os.Exit(inDirectory(m.Run))
}

func inDirectory(run func() int) int {
	directory, err := runtimeDirectory()
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	if err := os.Setenv("XDG_RUNTIME_DIR", directory); err != nil {
		panic(err)
	}
	return run()
}

// runtimeDirectory makes one whose path is as short as that of a socket must be.
func runtimeDirectory() (string, error) {
	root := "/tmp"
	if _, err := os.Stat(root); err != nil {
		root = ""
	}
	return os.MkdirTemp(root, "commy-")
}

// elsewhere is another run-time directory: a process that meets there is as far away as on
// another host.
func elsewhere(t *testing.T) string {
	t.Helper()
	directory := must(runtimeDirectory())(t)
	t.Cleanup(func() { os.RemoveAll(directory) })
	return directory
}

// process is a node in a process of its own, as a test drives it: killed when the test ends.
type process struct {
	node    string
	command *exec.Cmd
	writing sync.Mutex
	input   *json.Encoder
	ids     atomic.Uint64
	// Closed when the process has ended and all that it said was read.
	ended      chan struct{}
	complaints bytes.Buffer

	mutex sync.Mutex
	heard []said
	// Closed, and made anew, when something was heard.
	changed chan struct{}
}

// peer starts a process, and waits until its node is ready.
func peer(t *testing.T, options peerOptions) *process {
	t.Helper()
	return peerIn(t, "", options)
}

// serving is a process that serves workers.
func serving(t *testing.T, mesh string) *process {
	t.Helper()
	return peer(t, peerOptions{Name: mesh, Serves: workers()})
}

func workers() []commy.Service {
	return []commy.Service{{Name: "workers"}}
}

// replicas are processes that each serve workers, all begun at once.
func replicas(t *testing.T, mesh string, count int) []*process {
	t.Helper()
	processes := make([]*process, count)
	for index := range processes {
		processes[index] = begun(t, "", peerOptions{Name: mesh, Serves: workers()})
	}
	for _, process := range processes {
		no(t, process.isReady())
	}
	return processes
}

// peerIn starts a process that meets others in a directory, the tests' own if empty.
func peerIn(t *testing.T, directory string, options peerOptions) *process {
	t.Helper()
	process := begun(t, directory, options)
	no(t, process.isReady())
	return process
}

// begun starts a process, and does not wait for it.
func begun(t *testing.T, directory string, options peerOptions) *process {
	t.Helper()
	text := must(json.Marshal(options))(t)
	command := exec.Command(must(os.Executable())(t))
	command.Env = append(os.Environ(), asPeer+"="+string(text))
	if directory != "" {
		command.Env = append(command.Env, "XDG_RUNTIME_DIR="+directory)
	}
	input := must(command.StdinPipe())(t)
	output := must(command.StdoutPipe())(t)
	process := &process{
		command: command,
		input:   json.NewEncoder(input),
		ended:   make(chan struct{}),
		changed: make(chan struct{}),
	}
	command.Stderr = &process.complaints
	no(t, command.Start())
	go func() {
		defer close(process.ended)
		lines := bufio.NewScanner(output)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var line said
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				line = said{Error: "it said " + lines.Text()}
			}
			process.hear(line)
		}
		// How it ended is for whoever asks for it.
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-process.ended
		if t.Failed() && process.complaints.Len() > 0 {
			t.Logf("the process %s said: %s", process.node, process.complaints.String())
		}
	})
	return process
}

func (p *process) hear(line said) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.heard = append(p.heard, line)
	close(p.changed)
	p.changed = make(chan struct{})
}

// take gives the next line that is wanted, or that it has ended, or that the context has.
func (p *process) take(ctx context.Context, wanted func(said) bool) (said, error) {
	for hasEnded := false; ; {
		p.mutex.Lock()
		at := slices.IndexFunc(p.heard, wanted)
		if at >= 0 {
			line := p.heard[at]
			p.heard = slices.Delete(p.heard, at, at+1)
			p.mutex.Unlock()
			return line, nil
		}
		changed := p.changed
		p.mutex.Unlock()
		if hasEnded {
			return said{}, errors.New("the process has ended: " + p.complaints.String())
		}
		select {
		case <-changed:
		case <-p.ended:
			// What it said last may not have been looked at.
			hasEnded = true
		case <-ctx.Done():
			return said{}, ctx.Err()
		}
	}
}

func (p *process) isReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), timeMax)
	defer cancel()
	first, err := p.take(ctx, func(line said) bool { return line.ID == 0 && line.Told == "" })
	if err != nil {
		return err
	}
	p.node = first.Ready
	if first.Error != "" {
		return errors.New(first.Error)
	}
	return nil
}

// begin gives a command, whose answer is taken later; it gives its id.
func (p *process) begin(t *testing.T, wanted command) uint64 {
	t.Helper()
	wanted.ID = p.ids.Add(1)
	p.writing.Lock()
	defer p.writing.Unlock()
	no(t, p.input.Encode(wanted))
	return wanted.ID
}

// do gives a command, and waits until it is done.
func (p *process) do(t *testing.T, wanted command) {
	t.Helper()
	asked[any](t, p, wanted)
}

// asked gives a command, and its answer.
func asked[T any](t *testing.T, p *process, wanted command) (answer T) {
	t.Helper()
	id := p.begin(t, wanted)
	line := must(p.take(limited(t), func(line said) bool { return line.ID == id }))(t)
	if line.Error != "" {
		t.Fatalf("%s failed in the other process: %s", wanted.Do, line.Error)
	}
	no(t, json.Unmarshal(line.OK, &answer))
	return answer
}

// tells waits for the next time that it tells of something.
func (p *process) tells(t *testing.T, what string) said {
	t.Helper()
	return must(p.take(limited(t), func(line said) bool { return line.Told == what }))(t)
}

// tellsWithin says whether it tells of something within some time.
func (p *process) tellsWithin(t *testing.T, what string, time time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(limited(t), time)
	defer cancel()
	_, err := p.take(ctx, func(line said) bool { return line.Told == what })
	return err == nil
}

// exits tells it to end without stopping its mesh, and gives its exit code.
func (p *process) exits(t *testing.T) int {
	t.Helper()
	p.begin(t, command{Do: "exit"})
	arrives(t, "the end of the process", p.ended)
	return p.command.ProcessState.ExitCode()
}

// knows waits until a mesh knows this many instances of a service.
func knows(t *testing.T, mesh *commy.Mesh, service string, count int) []commy.Instance {
	t.Helper()
	var found []commy.Instance
	eventually(t, "the instances are known", func() bool {
		found = must(mesh.Discover(commy.Query{Service: service}))(t)
		return len(found) == count
	})
	return found
}

// learns waits until another process knows an instance of a service.
func (p *process) learns(t *testing.T, service string) {
	t.Helper()
	eventually(t, "the other knows it", func() bool {
		return len(asked[[]string](t, p, command{Do: "discover", Service: service})) > 0
	})
}

// who asks a service which node answers.
func who(t *testing.T, mesh *commy.Mesh, service string, options ...commy.CallOption) string {
	t.Helper()
	return must(commy.Call[string](limited(t), mesh, service, "who", nil, options...))(t)
}
