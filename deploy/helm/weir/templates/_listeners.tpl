{{/* The text with the variables of `env` and the defaults of ${NAME:-default}; takes (dict "root" $ "text" T). */}}
{{- define "weir.expanded" -}}
{{- $text := toString .text }}
{{- range $found := regexFindAll `\$\{[^}]*\}` $text -1 }}
{{- $name := regexFind `^[A-Za-z_][A-Za-z0-9_]*` (trimPrefix "${" $found) }}
{{- $value := toString (get $.root.Values.env $name) }}
{{- if and (eq $value "") (contains ":-" $found) }}
{{- $value = regexReplaceAll `^\$\{[^}]*?:-` (trimSuffix "}" $found) "" }}
{{- end }}
{{- if ne $value "" }}
{{- $text = replace $found $value $text }}
{{- end }}
{{- end }}
{{- $text }}
{{- end }}

{{/*
JSON {listeners, warnings}: the addresses on which sources and sinks listen, from `config` and listeners.yaml. Fails for
an address that no Service reaches, and for two listeners on one port of a pod.
*/}}
{{- define "weir.listeners" -}}
{{- $types := .Files.Get "listeners.yaml" | fromYaml }}
{{- $config := .Values.config }}
{{- $split := eq .Values.mode "split" }}
{{- $sources := deepCopy ($config.sources | default dict) }}
{{- range $type, $one := $types.sources }}
{{- if and $one.builtIn (not (hasKey $sources $type)) }}
{{- $_ := set $sources $type dict }}
{{- end }}
{{- end }}
{{- $fields := list (dict "under" "http" "id" "http" "path" "http.listen" "protocol" "TCP" "default" list "given" (get ($config.http | default dict) "listen")) }}
{{- range $under, $entries := dict "sources" $sources "sinks" ($config.sinks | default dict) }}
{{- range $id, $settings := $entries }}
{{- $entry := $settings | default dict }}
{{- $type := get (get $types $under) ($entry.type | default $id) | default dict }}
{{- range $field := $type.fields }}
{{- $fields = append $fields (dict "under" $under "id" $id "path" (printf "%s.%s.%s" $under $id $field.field) "protocol" $field.protocol "default" $field.default "given" (get $entry $field.field)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $taken := dict "TCP 8080" "listen" "TCP 8081" "ops" }}
{{- $listeners := list }}
{{- $warnings := list }}
{{- $reachable := dict }}
{{- $local := list }}
{{- range $field := $fields }}
{{- $written := not (or (kindIs "invalid" $field.given) (and (kindIs "string" $field.given) (eq $field.given ""))) }}
{{- $addresses := $written | ternary $field.given $field.default }}
{{- if kindIs "bool" $addresses }}
{{- $addresses = list }}
{{- else if not (kindIs "slice" $addresses) }}
{{- $addresses = regexMatch `^(?i:off|no|false)$` (toString $addresses) | ternary list (list $addresses) }}
{{- end }}
{{- range $text := $addresses }}
{{- $address := include "weir.expanded" (dict "root" $ "text" $text) }}
{{- if not (regexMatch `^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}$` $address) }}
{{- fail (printf "config.%s: the chart cannot read the port of %s; write host:port, or set its variables in env" $field.path $address) }}
{{- end }}
{{- $host := regexReplaceAll `:[0-9]+$` $address "" }}
{{- $port := regexFind `[0-9]+$` $address | atoi }}
{{- $open := printf "0.0.0.0:%d" $port }}
{{- if regexMatch `^(?:127\.|localhost$|\[::1\]$)` $host }}
{{- $local = append $local (dict "key" (printf "%s.%s" $field.under $field.id) "path" $field.path "address" $address "open" $open "written" $written) }}
{{- else if not (regexMatch `^(?:0\.0\.0\.0|\[[0:]+\])$` $host) }}
{{- fail (printf "config.%s: a pod has no fixed address %s; write %s" $field.path $host $open) }}
{{- else if eq $port 0 }}
{{- fail (printf "config.%s: no Service reaches port 0, which the system replaces by another at each start" $field.path) }}
{{- else }}
{{- $workload := $split | ternary (eq $field.under "sinks" | ternary "deliverer" "collector") "all" }}
{{- $key := printf "%s %d" $field.protocol $port }}
{{- if hasKey $taken $key }}
{{- fail (printf "config.%s: %s already listens on %s port %d; choose another port, or write \"off\" for one of the two" $field.path (get $taken $key) $field.protocol $port) }}
{{- end }}
{{- $_ := set $taken $key $field.path }}
{{- $_ := set $reachable (printf "%s.%s" $field.under $field.id) true }}
{{- $short := regexReplaceAll `[^a-z0-9]+` (lower $field.id) "-" | trunc 9 | trimAll "-" | default "port" }}
{{- $listeners = append $listeners (dict "workload" $workload "sink" (eq $field.under "sinks") "id" $field.id "path" $field.path "name" (printf "%s-%d" $short $port) "port" $port "protocol" $field.protocol) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $local }}
{{- $message := printf "config.%s: %s is reachable only inside the pod; write %s, or \"off\"" .path .address .open }}
{{- if or .written (not (hasKey $reachable .key)) }}
{{- fail $message }}
{{- end }}
{{- $warnings = append $warnings $message }}
{{- end }}
{{- dict "listeners" $listeners "warnings" $warnings | toJson }}
{{- end }}

{{/* JSON {ports} of a workload: name, port, protocol; takes (dict "root" $ "workload" NAME "sinks" BOOL). */}}
{{- define "weir.listening" -}}
{{- $ports := list }}
{{- range (include "weir.listeners" .root | fromJson).listeners }}
{{- if and (eq .workload $.workload) (eq .sink $.sinks) }}
{{- $ports = append $ports . }}
{{- end }}
{{- end }}
{{- dict "ports" $ports | toJson }}
{{- end }}

{{/* JSON {port}: the TCP port of the first source `netobserv`, or null. */}}
{{- define "weir.netobserv" -}}
{{- $port := 0 }}
{{- range (include "weir.listeners" . | fromJson).listeners }}
{{- $source := get ($.Values.config.sources | default dict) .id | default dict }}
{{- if and (not .sink) (eq $port 0) (eq ($source.type | default .id) "netobserv") }}
{{- $port = int .port }}
{{- end }}
{{- end }}
{{- dict "port" (eq $port 0 | ternary nil $port) | toJson }}
{{- end }}

{{/*
JSON {ports}: ports of the receivers' Service of a protocol: name, port, targetPort, protocol; takes (dict "root" $
"protocol" P). An entry of receivers.ports replaces the port that it targets.
*/}}
{{- define "weir.receivers" -}}
{{- $listeners := list }}
{{- range (include "weir.listeners" .root | fromJson).listeners }}
{{- if and (not .sink) (eq .protocol $.protocol) }}
{{- $listeners = append $listeners . }}
{{- end }}
{{- end }}
{{- $ports := list }}
{{- $replaced := dict }}
{{- range .root.Values.receivers.ports }}
{{- if eq .protocol $.protocol }}
{{- $target := int (.targetPort | default .port) }}
{{- $found := false }}
{{- range $listeners }}
{{- if eq (int .port) $target }}
{{- $found = true }}
{{- end }}
{{- end }}
{{- if not (or $found $.root.Values.config.connectors) }}
{{- fail (printf "receivers.ports: no source of config listens on %s port %d" .protocol $target) }}
{{- end }}
{{- $_ := set $replaced (toString $target) true }}
{{- $ports = append $ports (dict "name" .name "port" (int .port) "targetPort" $target "protocol" .protocol) }}
{{- end }}
{{- end }}
{{- range $listeners }}
{{- $port := int .port }}
{{- if not (hasKey $replaced (toString $port)) }}
{{- $ports = append $ports (dict "name" .name "port" $port "targetPort" $port "protocol" .protocol) }}
{{- end }}
{{- end }}
{{- $taken := dict }}
{{- range $ports }}
{{- range $key := list (printf "port %d" (int .port)) (printf "name %s" .name) }}
{{- if hasKey $taken $key }}
{{- fail (printf "receivers.ports: two ports of the Service for %s have the %s" $.protocol $key) }}
{{- end }}
{{- $_ := set $taken $key true }}
{{- end }}
{{- end }}
{{- dict "ports" $ports | toJson }}
{{- end }}
