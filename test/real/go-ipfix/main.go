// An IPFIX collector: go-ipfix receives over UDP or TCP, with TLS if a certificate is given, and prints each data
// record as a line of JSON.
// Arguments: udp or tcp, and the files of certificate and key. The first line is the address.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/vmware/go-ipfix/pkg/collector"
	"github.com/vmware/go-ipfix/pkg/entities"
	"github.com/vmware/go-ipfix/pkg/registry"
)

func main() {
	registry.LoadRegistry()
	input := collector.CollectorInput{
		Address: "127.0.0.1:0", Protocol: os.Args[1], MaxBufferSize: 65535,
		DecodingMode: collector.DecodingModeLenientKeepUnknown,
	}
	if len(os.Args) > 3 {
		input.IsEncrypted = true
		input.ServerCert, _ = os.ReadFile(os.Args[2])
		input.ServerKey, _ = os.ReadFile(os.Args[3])
	}
	process, err := collector.InitCollectingProcess(input)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go process.Start()
	for process.GetAddress() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(process.GetAddress().String())
	for message := range process.GetMsgChan() {
		set := message.GetSet()
		if set.GetSetType() != entities.Data {
			continue
		}
		for _, record := range set.GetRecords() {
			_ = out.Encode(valuesOf(record))
		}
	}
}

func valuesOf(record entities.Record) map[string]any {
	values := map[string]any{}
	for _, element := range record.GetOrderedElementList() {
		info := element.GetInfoElement()
		name := info.Name
		if name == "" {
			name = fmt.Sprintf("%d:%d", info.EnterpriseId, info.ElementId)
		}
		values[name] = valueOf(element)
	}
	return values
}

func valueOf(element entities.InfoElementWithValue) any {
	switch element.GetDataType() {
	case entities.Unsigned8:
		return element.GetUnsigned8Value()
	case entities.Unsigned16:
		return element.GetUnsigned16Value()
	case entities.Unsigned32, entities.DateTimeSeconds:
		return element.GetUnsigned32Value()
	case entities.Unsigned64, entities.DateTimeMilliseconds:
		return element.GetUnsigned64Value()
	case entities.MacAddress:
		return element.GetMacAddressValue().String()
	case entities.Ipv4Address, entities.Ipv6Address:
		return element.GetIPAddressValue().String()
	case entities.String:
		return element.GetStringValue()
	case entities.OctetArray:
		return hex.EncodeToString(element.GetOctetArrayValue())
	}
	return fmt.Sprint(element.GetDataType())
}
