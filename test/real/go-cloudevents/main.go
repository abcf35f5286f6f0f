// Receives CloudEvents with the Go SDK of the CloudEvents project, in any mode, and prints each as a line of JSON:
// receiver kafka BROKER TOPIC COUNT, receiver nats URL STREAM SUBJECT COUNT, or receiver http ADDRESS, which runs until
// it is killed. With `nats-protobuf` the SDK's protobuf format decodes each message: its NATS binding decodes every
// structured message as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/IBM/sarama"
	protobuf "github.com/cloudevents/sdk-go/binding/format/protobuf/v2"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/nats-io/nats.go"
)

type printedEvent struct {
	Attributes map[string]string `json:"attributes"`
	Extensions map[string]any    `json:"extensions"`
	// Encoded as base64.
	Data []byte `json:"data"`
}

func printable(e *event.Event) printedEvent {
	attributes := map[string]string{}
	for name, value := range map[string]string{
		"specversion": e.SpecVersion(), "id": e.ID(), "source": e.Source(), "type": e.Type(), "subject": e.Subject(),
		"dataschema": e.DataSchema(), "datacontenttype": e.DataContentType(),
	} {
		if value != "" {
			attributes[name] = value
		}
	}
	if !e.Time().IsZero() {
		attributes["time"] = e.Time().UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return printedEvent{Attributes: attributes, Extensions: e.Extensions(), Data: e.Data()}
}

type source interface {
	next(context.Context) (*event.Event, error)
}

type inbound interface {
	OpenInbound(context.Context) error
	Receive(context.Context) (binding.Message, error)
}

// What the SDK receives by itself.
type received struct {
	from inbound
}

func (r received) next(ctx context.Context) (*event.Event, error) {
	message, err := r.from.Receive(ctx)
	if err != nil {
		return nil, err
	}
	e, err := binding.ToEvent(ctx, message)
	return e, errors.Join(err, message.Finish(nil))
}

func open(ctx context.Context, from inbound) source {
	go func() {
		if err := from.OpenInbound(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	return received{from}
}

// What is decoded by the SDK's protobuf format alone.
type decoded struct {
	from *nats.Subscription
}

func (d decoded) next(ctx context.Context) (*event.Event, error) {
	message, err := d.from.NextMsgWithContext(ctx)
	if err != nil {
		return nil, err
	}
	if found := message.Header.Get("content-type"); found != protobuf.ApplicationCloudEventsProtobuf {
		return nil, fmt.Errorf("the content type is %s", found)
	}
	var e event.Event
	return &e, protobuf.Protobuf.Unmarshal(message.Data, &e)
}

func sourceOf(ctx context.Context, kind, address string, names []string) (source, error) {
	switch kind {
	case "kafka":
		config := sarama.NewConfig()
		config.Version = sarama.V2_8_0_0
		config.Consumer.Offsets.Initial = sarama.OffsetOldest
		consumer, err := kafka_sarama.NewConsumer([]string{address}, config, "receiver-"+names[0], names[0])
		if err != nil {
			return nil, err
		}
		return open(ctx, consumer), nil
	case "http":
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		receiver, err := http.New(http.WithListener(listener))
		if err != nil {
			return nil, err
		}
		return open(ctx, receiver), nil
	case "nats":
		options := []nats.SubOpt{nats.OrderedConsumer(), nats.BindStream(names[0])}
		consumer, err := nats_jetstream.NewConsumer(address, names[0], names[1], nil, nil, options)
		if err != nil {
			return nil, err
		}
		return open(ctx, consumer), nil
	case "nats-protobuf":
		connection, err := nats.Connect(address)
		if err != nil {
			return nil, err
		}
		js, err := connection.JetStream()
		if err != nil {
			return nil, err
		}
		subscription, err := js.SubscribeSync(names[1], nats.OrderedConsumer(), nats.BindStream(names[0]))
		return decoded{subscription}, err
	}
	return nil, fmt.Errorf("no bus is called %s", kind)
}

func run(kind, address string, names []string) error {
	ctx, wanted := context.Background(), math.MaxInt
	if kind != "http" {
		count, err := strconv.Atoi(names[len(names)-1])
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
		defer cancel()
		ctx, wanted = limited, count
	}
	from, err := sourceOf(ctx, kind, address, names)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for range wanted {
		e, err := from.next(ctx)
		if err != nil {
			return err
		}
		if err := e.Validate(); err != nil {
			return err
		}
		if err := out.Encode(printable(e)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) < 3 || (len(os.Args) < 5 && os.Args[1] != "http") {
		fmt.Fprintln(os.Stderr, "receiver kafka BROKER TOPIC COUNT | "+
			"receiver nats|nats-protobuf URL STREAM SUBJECT COUNT | receiver http ADDRESS")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
