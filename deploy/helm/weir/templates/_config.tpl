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
{{- include "weir.variables" (dict "root" . "text" (toJson $config)) }}
{{- if and (eq .Values.mode "split") (not (hasKey $config "drain")) }}
{{- $_ := set $config "drain" "5s" }}
{{- end }}
{{- merge (dict "data" "/data" "listen" "0.0.0.0:8080" "ops" "0.0.0.0:8081") $config | toYaml }}
{{- end }}

{{/* Nothing; fails for a ${NAME} without a value. Takes (dict "root" $ "text" T). */}}
{{- define "weir.variables" -}}
{{- $values := .root.Values }}
{{- $given := list "HOSTNAME" "KUBERNETES_SERVICE_HOST" "KUBERNETES_SERVICE_PORT" }}
{{- if eq $values.mode "split" }}
{{- $given = concat $given (list "WEIR_ROLES" "WEIR_INSTANCE") }}
{{- end }}
{{- range $found := regexFindAll `\$?\$\{[^}]*\}?` .text -1 }}
{{- $name := regexFind `^[A-Za-z_][A-Za-z0-9_]*` (trimPrefix "${" $found) }}
{{- if hasPrefix "$$" $found }}
{{- else if not (regexMatch `^\$\{[A-Za-z_][A-Za-z0-9_]*(?::-(?s:.*))?\}$` $found) }}
{{- fail (printf "config has %s, which is no variable; write ${NAME} or ${NAME:-default}, and $${ for a literal ${" $found) }}
{{- else if not (or (contains ":-" $found) (has $name $given) (hasKey $values.secrets.env $name) (ne "" (toString (get $values.env $name)))) }}
{{- fail (printf "config refers to %s, and neither env nor secrets.env has a value for %s; a default is ${%s:-value}" $found $name $name) }}
{{- end }}
{{- end }}
{{- end }}
