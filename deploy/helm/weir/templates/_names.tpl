{{- define "weir.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "weir.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "weir.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "weir.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* JSON {names}: the workloads of the mode. */}}
{{- define "weir.workloads" -}}
{{- dict "names" (ternary (list "all") (list "collector" "deliverer" "api") (eq .Values.mode "all")) | toJson }}
{{- end }}

{{/* The following take (dict "root" $ "workload" NAME). */}}
{{- define "weir.workload.name" -}}
{{- $full := include "weir.fullname" .root }}
{{- eq .workload "all" | ternary $full (printf "%s-%s" $full .workload) }}
{{- end }}

{{- define "weir.selector" -}}
app.kubernetes.io/name: {{ include "weir.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .workload }}
{{- end }}

{{- define "weir.labels" -}}
{{ include "weir.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "weir.account" -}}
{{- if .root.Values.serviceAccount.name }}
{{- .root.Values.serviceAccount.name }}
{{- else }}
{{- .root.Values.serviceAccount.create | ternary (include "weir.workload.name" .) "default" }}
{{- end }}
{{- end }}

{{- define "weir.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}
