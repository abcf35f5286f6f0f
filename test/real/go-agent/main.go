// Exports seeded flows with the exporters of NetObserv's eBPF agent, and prints each as the agent's own decoder shows
// it: one JSON record per line.
//
//	agent grpc  HOST PORT          COUNT SEED BATCH
//	agent kafka BROKERS TOPIC      COUNT SEED BATCH
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/netobserv/netobserv-ebpf-agent/pkg/config"
	"github.com/netobserv/netobserv-ebpf-agent/pkg/decode"
	"github.com/netobserv/netobserv-ebpf-agent/pkg/ebpf"
	"github.com/netobserv/netobserv-ebpf-agent/pkg/exporter"
	"github.com/netobserv/netobserv-ebpf-agent/pkg/metrics"
	"github.com/netobserv/netobserv-ebpf-agent/pkg/model"
	kafkago "github.com/segmentio/kafka-go"
)

func main() {
	if len(os.Args) != 7 {
		fail("usage: agent grpc|kafka TARGET PORT|TOPIC COUNT SEED BATCH")
	}
	count, seed, batch := number(os.Args[4]), number(os.Args[5]), number(os.Args[6])
	export := kafkaExporter
	if os.Args[1] == "grpc" {
		export = grpcExporter
	}
	flows := make(chan []*model.Record)
	done := make(chan struct{})
	run := export(os.Args[2], os.Args[3], batch)
	go func() {
		run(flows)
		close(done)
	}()
	out := bufio.NewWriter(os.Stdout)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	random := rand.New(rand.NewSource(int64(seed)))
	for at := 0; at < count; {
		records := make([]*model.Record, 0, batch)
		for ; at < count && len(records) < batch; at++ {
			record := flow(random, at)
			records = append(records, record)
			if err := lines.Encode(decode.RecordToMap(record)); err != nil {
				fail(err.Error())
			}
		}
		flows <- records
	}
	close(flows)
	<-done
	if err := out.Flush(); err != nil {
		fail(err.Error())
	}
}

func grpcExporter(host, port string, batch int) func(<-chan []*model.Record) {
	agent, err := exporter.StartGRPCProto(
		&config.Agent{TargetHost: host, TargetPort: number(port), GRPCMessageMaxFlows: batch},
		metrics.NoOp(),
	)
	if err != nil {
		fail(err.Error())
	}
	return agent.ExportFlows
}

// The settings of the agent's writer, with an acknowledgement of every message.
func kafkaExporter(brokers, topic string, batch int) func(<-chan []*model.Record) {
	writer := &kafkago.Writer{
		Addr:         kafkago.TCP(strings.Split(brokers, ",")...),
		Topic:        topic,
		BatchSize:    batch,
		BatchBytes:   1 << 20,
		BatchTimeout: time.Nanosecond,
		RequiredAcks: kafkago.RequireAll,
		Balancer:     &kafkago.Hash{},
	}
	return (&exporter.KafkaProto{Writer: writer, Metrics: metrics.NoOp()}).ExportFlows
}

// Bytes is the number of the flow, from 1.
func flow(random *rand.Rand, at int) *model.Record {
	base := ebpf.BpfFlowMetrics{
		EthProtocol:        0x0800,
		DirectionFirstSeen: uint8(random.Intn(2)),
		SrcMac:             [6]uint8{2, 0, 0, 0, uint8(at >> 8), uint8(at)},
		DstMac:             [6]uint8{2, 0, 0, 1, uint8(random.Intn(256)), uint8(random.Intn(256))},
		Bytes:              uint64(at) + 1,
		Packets:            uint32(random.Intn(1000)),
		Dscp:               uint8(random.Intn(64)),
		Sampling:           uint32(random.Intn(3) * 50),
	}
	start := time.UnixMilli(time.Now().UnixMilli() - int64(random.Intn(5000)) - 1000)
	record := &model.Record{
		ID:            ebpf.BpfFlowId{TransportProtocol: []uint8{6, 17, 132, 1, 47}[random.Intn(5)]},
		TimeFlowStart: start,
		TimeFlowEnd:   start.Add(time.Duration(random.Intn(1000)) * time.Millisecond),
		AgentIP:       net.IPv4(192, 0, 2, uint8(1+random.Intn(3))),
	}
	source, target := net.IPv4(10, 0, uint8(random.Intn(8)), uint8(random.Intn(256))), net.IPv4(10, 1, 0, uint8(at))
	if random.Intn(4) == 0 {
		base.EthProtocol = model.IPv6Type
		source, target = net.ParseIP("2001:db8::1"), net.ParseIP(fmt.Sprintf("2001:db8::%x", 2+random.Intn(500)))
	}
	copy(record.ID.SrcIp[:], source.To16())
	copy(record.ID.DstIp[:], target.To16())
	switch record.ID.TransportProtocol {
	case 1:
		record.ID.IcmpType, record.ID.IcmpCode = 8, uint8(random.Intn(2))
	case 6, 17, 132:
		record.ID.SrcPort, record.ID.DstPort = uint16(1024+random.Intn(60000)), 443
	}
	if record.ID.TransportProtocol == 6 {
		base.Flags = uint16(random.Intn(2048))
	}
	for i := 0; i <= random.Intn(4); i++ {
		record.Interfaces = append(record.Interfaces, model.IntfDirUdn{
			Interface: fmt.Sprintf("eth%d", i),
			Direction: random.Intn(2),
			Udn:       []string{"", "default", "blue"}[random.Intn(3)],
		})
	}
	record.Metrics = model.BpfFlowContent{BpfFlowMetrics: &base}
	further(random, record)
	return record
}

func further(random *rand.Rand, record *model.Record) {
	metrics := &record.Metrics
	if random.Intn(3) == 0 {
		record.TimeFlowRtt = time.Duration(1+random.Intn(1_000_000)) * time.Nanosecond
	}
	if random.Intn(4) == 0 {
		metrics.SslVersion = []uint16{0x0303, 0x0304}[random.Intn(2)]
		metrics.TlsTypes = uint8(1 + random.Intn(63))
		metrics.TlsCipherSuite, metrics.TlsKeyShare = 0x1301, []uint16{29, 23, 4588}[random.Intn(3)]
		metrics.MiscFlags = uint8(random.Intn(2))
	}
	if random.Intn(4) == 0 {
		record.DNSLatency = time.Duration(1+random.Intn(900)) * time.Millisecond
		dns := &ebpf.BpfDnsMetrics{
			Id:      uint16(1 + random.Intn(65000)),
			Flags:   uint16(0x8180 + random.Intn(6)),
			Latency: uint64(record.DNSLatency),
			Errno:   uint8(random.Intn(2) * 110),
		}
		for i, letter := range "\x03www\x07example\x03com" {
			dns.Name[i] = int8(letter)
		}
		metrics.DNSMetrics = dns
	}
	if random.Intn(4) == 0 {
		metrics.PktDropMetrics = &ebpf.BpfPktDropMetrics{
			Bytes:           uint16(random.Intn(65536)),
			Packets:         uint16(random.Intn(65536)),
			LatestFlags:     uint16(random.Intn(256)),
			LatestState:     uint8(1 + random.Intn(11)),
			LatestDropCause: []uint32{8, 40, 3<<16 + 5}[random.Intn(3)],
		}
	}
	if random.Intn(4) == 0 {
		xlat := &ebpf.BpfXlatMetrics{Saddr: record.ID.SrcIp, Daddr: record.ID.DstIp, Dport: 8443, ZoneId: 7}
		xlat.Saddr[15], xlat.Daddr[15] = 77, 78
		metrics.XlatMetrics = xlat
	}
	if random.Intn(4) == 0 {
		metrics.AdditionalMetrics = &ebpf.BpfAdditionalMetrics{
			IpsecEncrypted:    random.Intn(2) == 0,
			IpsecEncryptedRet: int32(random.Intn(2) * -22),
		}
	}
	if random.Intn(4) == 0 {
		metrics.QuicMetrics = &ebpf.BpfQuicMetrics{Version: uint32(random.Intn(3)), SeenLongHdr: 1}
	}
	if random.Intn(4) == 0 {
		record.NetworkMonitorEventsMD = []map[string]string{
			{"Feature": "acl", "Action": "drop", "Name": "deny", "Namespace": "shop"},
		}
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail(err.Error())
	}
	return value
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
