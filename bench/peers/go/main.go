// Command peers is one side of one system, in a process of its own: it speaks the protocol of
// bench/peers/README.md.
//
//	peers SYSTEM serve ADDRESS
//	peers SYSTEM drive ADDRESS 1
//	peers commy cross ADDRESS
//
// This file owns the command line and the lines that go in and out. How anything is measured is in
// measure.go, the same for all systems; how a system is used is in a file of its own.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
)

// system is how a system is used.
type system struct {
	serve   func(address string) (close func(), err error)
	connect func(address string, onEvent func([]byte)) (client, error)
}

var systems = map[string]system{
	"commy": {serveCommy, connectCommy},
	"nats":  {serveNats, connectNats},
	"grpc":  {serveGrpc, connectGrpc},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("arguments: SYSTEM serve ADDRESS, or SYSTEM drive ADDRESS 1")
	}
	name, side, address := os.Args[1], os.Args[2], os.Args[3]
	system, known := systems[name]
	if !known {
		log.Fatalf("no system is called %q", name)
	}
	var err error
	switch side {
	case "serve":
		err = serve(system, address)
	case "cross":
		err = cross(address)
	default:
		err = drive(system, address)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serve(system system, address string) error {
	close, err := system.serve(address)
	if err != nil {
		return err
	}
	defer close()
	return answerLines(nil)
}

func drive(system system, address string) error {
	events := newReturned()
	client, err := system.connect(address, events.take)
	if err != nil {
		return err
	}
	defer client.close()
	if err := meet(client); err != nil {
		return err
	}
	if client.publish != nil {
		if err := join(client, events); err != nil {
			return err
		}
	}
	return answerLines(func(command string, numbers []float64) (any, error) {
		if command == "events" && len(numbers) == 3 {
			return publishing(client, events, int(numbers[0]), numbers[1], int(numbers[2]))
		}
		if command == "echo" && len(numbers) == 3 {
			return echo(client, int(numbers[0]), numbers[1], int(numbers[2]))
		}
		return nil, fmt.Errorf("no command reads %q %v", command, numbers)
	})
}

func cross(address string) error {
	crossings, close, err := openCrossings(address)
	if err != nil {
		return err
	}
	defer close()
	return answerLines(func(command string, numbers []float64) (any, error) {
		once, known := crossings[command]
		if !known || len(numbers) != 1 {
			return nil, fmt.Errorf("no crossing is called %q", command)
		}
		return cost(once, numbers[0])
	})
}

// answerLines says that it is ready, and answers each line until there are no more.
func answerLines(answer func(command string, numbers []float64) (any, error)) error {
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) > 0 && words[0] == "cost" {
			words = words[1:]
		}
		if len(words) == 0 || answer == nil {
			continue
		}
		var numbers []float64
		for _, word := range words[1:] {
			number, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return err
			}
			numbers = append(numbers, number)
		}
		result, err := answer(words[0], numbers)
		if err != nil {
			return err
		}
		text, err := json.Marshal(result)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return lines.Err()
}
