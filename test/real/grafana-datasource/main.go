// Runs calls of Grafana's own Prometheus datasource against a server, and reads responses of Loki as Grafana does.
// Standard input: the server's URL and the calls, as JSON. Standard output: one JSON line per call.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana/pkg/promlib"
	"github.com/grafana/grafana/pkg/promlib/converter"
	jsoniter "github.com/json-iterator/go"
)

type call struct {
	Name string `json:"name"`
	// health, query, resource or loki
	Kind string `json:"kind"`
	// Of a query: its model as Grafana stores it in a panel, and the range of the dashboard.
	Model         json.RawMessage `json:"model"`
	FromMs        int64           `json:"from"`
	ToMs          int64           `json:"to"`
	IntervalMs    int64           `json:"interval"`
	MaxDataPoints int64           `json:"points"`
	// Of a resource or of Loki.
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query"`
	Headers map[string]string `json:"headers"`
}

type answer struct {
	Name    string          `json:"name"`
	Status  int             `json:"status"`
	Message string          `json:"message,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
	Frames  data.Frames     `json:"frames,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
}

func main() {
	var input struct {
		URL   string `json:"url"`
		Calls []call `json:"calls"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	service := promlib.NewService(httpclient.NewProvider(), log.New(), nil)
	plugin := backend.PluginContext{
		OrgID:    1,
		PluginID: "prometheus",
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: 1, UID: "weir", Name: "weir", Type: "prometheus", URL: input.URL, Updated: time.Unix(1, 0),
			JSONData: []byte(`{"httpMethod":"POST","timeInterval":"15s"}`),
		},
	}
	ctx := backend.WithPluginContext(context.Background(), plugin)
	out := json.NewEncoder(os.Stdout)
	for _, each := range input.Calls {
		result, err := run(ctx, service, plugin, input.URL, each)
		if err != nil {
			result.Message = err.Error()
		}
		result.Name = each.Name
		if err := out.Encode(result); err != nil {
			fmt.Fprintln(os.Stderr, each.Name, err)
			os.Exit(1)
		}
	}
}

func run(
	ctx context.Context, service *promlib.Service, plugin backend.PluginContext, url string, each call,
) (answer, error) {
	switch each.Kind {
	case "health":
		health, err := service.CheckHealth(ctx, &backend.CheckHealthRequest{PluginContext: plugin})
		if err != nil {
			return answer{}, err
		}
		return answer{Status: int(health.Status), Message: health.Message, Details: health.JSONDetails}, nil
	case "query":
		response, err := service.QueryData(ctx, &backend.QueryDataRequest{
			PluginContext: plugin,
			Queries: []backend.DataQuery{{
				RefID: "A", JSON: each.Model, MaxDataPoints: each.MaxDataPoints,
				Interval:  time.Duration(each.IntervalMs) * time.Millisecond,
				TimeRange: backend.TimeRange{From: time.UnixMilli(each.FromMs).UTC(), To: time.UnixMilli(each.ToMs).UTC()},
			}},
		})
		if err != nil {
			return answer{}, err
		}
		of := response.Responses["A"]
		return answer{Status: int(of.Status), Frames: of.Frames}, of.Error
	case "resource":
		var sent answer
		err := service.CallResource(ctx, &backend.CallResourceRequest{
			PluginContext: plugin, Path: each.Path, Method: each.Method,
			URL: each.Path + "?" + each.Query, Body: []byte(each.Query),
			Headers: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}},
		}, backend.CallResourceResponseSenderFunc(func(response *backend.CallResourceResponse) error {
			sent.Status, sent.Body = response.Status, response.Body
			return nil
		}))
		return sent, err
	default:
		return loki(ctx, url, each)
	}
}

func loki(ctx context.Context, url string, each call) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+each.Path+"?"+each.Query, nil)
	if err != nil {
		return answer{}, err
	}
	for name, value := range each.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	result := answer{Status: response.StatusCode}
	if response.StatusCode != http.StatusOK {
		return result, fmt.Errorf("%s", body)
	}
	read := converter.ReadPrometheusStyleResult(
		jsoniter.Parse(jsoniter.ConfigDefault, bytes.NewReader(body), 1024), converter.Options{Dataplane: true})
	result.Frames = read.Frames
	return result, read.Error
}
