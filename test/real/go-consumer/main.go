// Reads a kollect topic with classes that protoc-gen-go generated from kollect's own fields, and prints each message as
// a line of JSON: consumer URL STREAM SUBJECT COUNT.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	envelopes "example.test/consumer/kollect/event/v1"
	_ "example.test/consumer/kollect/resource/event/v1"
)

type received struct {
	Key       string         `json:"key"`
	ID        string         `json:"id"`
	Timestamp int64          `json:"timestamp"`
	AppliesAt int64          `json:"applies_at"`
	TypeURL   string         `json:"type_url"`
	Fields    map[string]any `json:"fields"`
	// Numbers of fields that these classes do not have.
	Unknown []int `json:"unknown"`
	// Encoded again by Go, it is the same bytes.
	Same bool `json:"same"`
}

func read(message *nats.Msg) (received, error) {
	var envelope envelopes.Envelope
	if err := proto.Unmarshal(message.Data, &envelope); err != nil {
		return received{}, err
	}
	event, err := envelope.Payload.UnmarshalNew()
	if err != nil {
		return received{}, err
	}
	fields := map[string]any{}
	event.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if field.Kind() == protoreflect.BytesKind {
			fields[string(field.Name())] = string(value.Bytes())
		} else {
			fields[string(field.Name())] = value.Interface()
		}
		return true
	})
	whole, err := proto.Marshal(&envelope)
	if err != nil {
		return received{}, err
	}
	inner, err := proto.Marshal(event)
	if err != nil {
		return received{}, err
	}
	return received{
		Key: message.Header.Get("ce-partitionkey"), ID: envelope.Id,
		Timestamp: envelope.Timestamp.AsTime().UnixMilli(), AppliesAt: envelope.AppliesAt.AsTime().UnixMilli(),
		TypeURL: envelope.Payload.TypeUrl, Fields: fields, Unknown: numbers(event.ProtoReflect().GetUnknown()),
		Same: bytes.Equal(whole, message.Data) && bytes.Equal(inner, envelope.Payload.Value),
	}, nil
}

func numbers(unknown []byte) []int {
	found := []int{}
	for len(unknown) > 0 {
		number, _, length := protowire.ConsumeField(unknown)
		if length < 0 {
			return append(found, -1)
		}
		found = append(found, int(number))
		unknown = unknown[length:]
	}
	return found
}

func run(url, stream, subject, count string) error {
	wanted, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	connection, err := nats.Connect(url)
	if err != nil {
		return err
	}
	defer connection.Close()
	js, err := connection.JetStream()
	if err != nil {
		return err
	}
	subscription, err := js.SubscribeSync(subject, nats.OrderedConsumer(), nats.BindStream(stream))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for range wanted {
		message, err := subscription.NextMsg(time.Minute)
		if err != nil {
			return err
		}
		each, err := read(message)
		if err != nil {
			return err
		}
		if err := out.Encode(each); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "consumer URL STREAM SUBJECT COUNT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
