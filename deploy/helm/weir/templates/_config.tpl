{{/* weir.yaml: the given configuration with the addresses and folders of the chart. */}}
{{- define "weir.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if eq .Values.mode "split" }}
{{- $journal := (($config.journal | default dict).on | default dict).type | default "files" }}
{{- if eq $journal "files" }}
{{- fail "mode split shares a journal: set config.journal.on.type to kafka or nats" }}
{{- end }}
{{- else if gt (int .Values.all.replicas) 1 }}
{{- fail "mode all has one writer: set all.replicas to 0 or 1, or use mode split" }}
{{- end }}
{{- range $id, $given := $config.sources }}
{{- $source := $given | default dict }}
{{- if and (eq ($source.type | default $id) "kubernetes") (not $source.include) (not $.Values.rbac.secrets) (not $source.kubeconfig) }}
{{- $_ := set $source "exclude" (append ($source.exclude | default list) "Secret" | uniq) }}
{{- end }}
{{- end }}
{{- range $found := regexFindAll "(?m)env:[A-Za-z_][A-Za-z0-9_]*\"?$" (toYaml $config) -1 }}
{{- $name := $found | trimPrefix "env:" | trimSuffix "\"" }}
{{- if not (or (hasKey $.Values.secrets.env $name) (hasKey $.Values.env $name)) }}
{{- fail (printf "config refers to env:%s, which secrets.env does not have" $name) }}
{{- end }}
{{- end }}
{{- range $found := regexFindAll "file:/etc/weir-secrets/[^/\"\\s]+" (toYaml $config) -1 }}
{{- $name := base $found }}
{{- if not (hasKey $.Values.secrets.files $name) }}
{{- fail (printf "config refers to %s, and secrets.files has no %s" $found $name) }}
{{- end }}
{{- end }}
{{- if and (eq .Values.mode "split") (not (hasKey $config "drain")) }}
{{- $_ := set $config "drain" "5s" }}
{{- end }}
{{- merge (dict "data" "/data" "listen" "0.0.0.0:8080" "ops" "0.0.0.0:8081") $config | toYaml }}
{{- end }}

{{/* JSON {port}: the TCP port of the first source `netobserv`, or null. */}}
{{- define "weir.netobserv" -}}
{{- $port := "" }}
{{- range $id, $given := .Values.config.sources }}
{{- $source := $given | default dict }}
{{- if and (eq ($source.type | default $id) "netobserv") (eq $port "") }}
{{- $listen := $source.listen | default "0.0.0.0:2055" }}
{{- $first := kindIs "slice" $listen | ternary (first (kindIs "slice" $listen | ternary $listen (list $listen))) $listen }}
{{- $port = regexFind "[0-9]+$" (toString $first) }}
{{- end }}
{{- end }}
{{- dict "port" (eq $port "" | ternary nil (int ($port | default "0"))) | toJson }}
{{- end }}

{{/* JSON {ports}: the ports of receivers of a protocol; takes (dict "root" $ "protocol" P). */}}
{{- define "weir.receivers" -}}
{{- $ports := list }}
{{- range .root.Values.receivers.ports }}
{{- if eq .protocol $.protocol }}
{{- $ports = append $ports . }}
{{- end }}
{{- end }}
{{- $agents := (include "weir.netobserv" .root | fromJson).port }}
{{- if and (eq .protocol "TCP") $agents }}
{{- $ports = append $ports (dict "name" "netobserv" "port" (int $agents) "protocol" "TCP") }}
{{- end }}
{{- dict "ports" $ports | toJson }}
{{- end }}
