{{/*
JSON {rules}: the rules that a workload needs; `in` is the namespace of a rule, empty for the cluster.
Takes (dict "root" $ "workload" NAME). Sources belong to collectors, sinks to deliverers.
*/}}
{{- define "weir.rights" -}}
{{- $rules := list }}
{{- $release := .root.Release.Namespace }}
{{- if has .workload (list "all" "collector") }}
{{- range $id, $given := .root.Values.config.sources }}
{{- $source := $given | default dict }}
{{- $type := $source.type | default $id }}
{{- if not $source.kubeconfig }}
{{- if eq $type "kubernetes" }}
{{- $rules = concat $rules (include "weir.rights.watch" (dict "root" $.root "source" $source) | fromJson).rules }}
{{- else if eq $type "lagoon-insights" }}
{{- $rules = concat $rules (include "weir.rights.lagoon" $source | fromJson).rules }}
{{- else if and (eq $type "prometheus-scrape") (hasKey $source "pods") (not (kindIs "invalid" $source.pods)) }}
{{- if not $source.pods.kubeconfig }}
{{- range ($source.pods.namespaces | default (list "")) }}
{{- $rules = append $rules (dict "in" . "apiGroups" (list "") "resources" (list "pods") "verbs" (list "list" "watch")) }}
{{- end }}
{{- end }}
{{- else if and (eq $type "sbom") ($source.registry | default dict).pods (not ($source.registry | default dict).kubeconfig) }}
{{- $rules = append $rules (dict "in" "" "apiGroups" (list "") "resources" (list "pods") "verbs" (list "list" "watch")) }}
{{- end }}
{{- end }}
{{- if and (kindIs "map" $source.lease) (not $source.kubeconfig) }}
{{- if and $source.lease.name (not $source.lease.kubeconfig) }}
{{- $in := $source.lease.namespace | default $release }}
{{- $leases := dict "in" $in "apiGroups" (list "coordination.k8s.io") "resources" (list "leases") }}
{{- $rules = append $rules (merge (dict "verbs" (list "create")) $leases) }}
{{- $rules = append $rules (merge (dict "resourceNames" (list $source.lease.name) "verbs" (list "get" "update")) $leases) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if has .workload (list "all" "deliverer") }}
{{- range $id, $given := .root.Values.config.sinks }}
{{- $sink := $given | default dict }}
{{- if and (eq ($sink.type | default $id) "dependency-track") $sink.custom }}
{{- if not $sink.custom.kubeconfig }}
{{- $name := $sink.custom.secret | default "lagoon-env" }}
{{- $rules = append $rules (dict "in" "" "apiGroups" (list "") "resources" (list "secrets") "resourceNames" (list $name) "verbs" (list "get")) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- dict "rules" ($rules | uniq) | toJson }}
{{- end }}

{{/* JSON {rules} of a source `kubernetes`: list and watch of the selected kinds, and nothing else. */}}
{{- define "weir.rights.watch" -}}
{{- $source := .source }}
{{- $root := .root }}
{{- $kinds := $root.Files.Get "kinds.yaml" | fromYaml }}
{{- $namespaces := $source.namespaces | default list }}
{{- $byGroup := dict }}
{{- if or (not $source.include) (has "*" $source.include) }}
{{- if $root.Values.rbac.secrets }}
{{- $_ := set $byGroup "*" (list "*") }}
{{- else }}
{{- range $group, $all := $kinds }}
{{- $resources := list }}
{{- range $all }}
{{- if and (ne (index . 0) "secrets") (or (not $namespaces) (eq (index . 2) "Namespaced")) }}
{{- $resources = append $resources (index . 0) }}
{{- end }}
{{- end }}
{{- if $resources }}
{{- $_ := set $byGroup $group (eq $group "" | ternary $resources (list "*")) }}
{{- end }}
{{- end }}
{{- range $root.Values.rbac.groups }}
{{- $_ := set $byGroup . (list "*") }}
{{- end }}
{{- end }}
{{- else }}
{{- range $pattern := $source.include }}
{{- $parts := splitn "." 2 $pattern }}
{{- $name := lower $parts._0 }}
{{- $group := lower ($parts._1 | default "") }}
{{- $grouped := contains "." $pattern }}
{{- if and $grouped (eq $name "*") }}
{{- $_ := set $byGroup $group (list "*") }}
{{- else }}
{{- $found := false }}
{{- range $of, $all := $kinds }}
{{- range $all }}
{{- if and (or (eq $name (index . 0)) (eq $name (lower (index . 1)))) (or (not $grouped) (eq $group $of)) }}
{{- $found = true }}
{{- if or (not $namespaces) (eq (index . 2) "Namespaced") }}
{{- $_ := set $byGroup $of (append (get $byGroup $of | default list) (index . 0) | uniq | sortAlpha) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if not $found }}
{{- if not (and $grouped (eq $name $parts._0)) }}
{{- fail (printf "include: %s is no kind of Kubernetes; write custom resources as plural.group, for example widgets.example.com" $pattern) }}
{{- end }}
{{- $_ := set $byGroup $group (append (get $byGroup $group | default list) $name | uniq | sortAlpha) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $pattern := $source.exclude }}
{{- $parts := splitn "." 2 $pattern }}
{{- $grouped := contains "." $pattern }}
{{- range $of, $all := $kinds }}
{{- if and (hasKey $byGroup $of) (or (not $grouped) (eq (lower ($parts._1 | default "")) $of)) }}
{{- range $all }}
{{- if has (lower $parts._0) (list "*" (index . 0) (lower (index . 1))) }}
{{- if has "*" (get $byGroup $of) }}
{{- $listed := list }}
{{- range $all }}
{{- if or (not $namespaces) (eq (index . 2) "Namespaced") }}
{{- $listed = append $listed (index . 0) }}
{{- end }}
{{- end }}
{{- $_ := set $byGroup $of $listed }}
{{- end }}
{{- $_ := set $byGroup $of (without (get $byGroup $of) (index . 0)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $rules := list }}
{{- range $in := ($namespaces | default (list "")) }}
{{- range $group, $resources := $byGroup }}
{{- if $resources }}
{{- $rules = append $rules (dict "in" $in "apiGroups" (list $group) "resources" $resources "verbs" (list "list" "watch")) }}
{{- end }}
{{- end }}
{{- end }}
{{- dict "rules" $rules | toJson }}
{{- end }}

{{/* JSON {rules} of a source `lagoon-insights`. */}}
{{- define "weir.rights.lagoon" -}}
{{- $rules := list }}
{{- $reads := list "get" "list" "watch" }}
{{- $core := dict "in" "" "apiGroups" (list "") }}
{{- if ne (toString .configmaps) "false" }}
{{- $verbs := append $reads "patch" }}
{{- $rules = append $rules (merge (dict "resources" (list "configmaps") "verbs" (eq (toString .burn) "true" | ternary (append $verbs "delete") $verbs)) $core) }}
{{- $rules = append $rules (merge (dict "resources" (list "events") "verbs" (list "create")) $core) }}
{{- end }}
{{- $rules = append $rules (merge (dict "resources" (list "namespaces") "verbs" $reads) $core) }}
{{- if .tokens }}
{{- $rules = append $rules (merge (dict "resources" (list "secrets") "verbs" (list "list" "watch" "create")) $core) }}
{{- $rules = append $rules (merge (dict "resources" (list "secrets") "resourceNames" (list "insights-token") "verbs" (list "patch")) $core) }}
{{- end }}
{{- if kindIs "map" .scanner }}
{{- $rules = append $rules (merge (dict "resources" (list "pods") "verbs" (list "get" "list" "watch" "create" "patch" "delete")) $core) }}
{{- $rules = append $rules (dict "in" "" "apiGroups" (list "apps") "resources" (list "deployments" "statefulsets" "daemonsets") "verbs" (list "list")) }}
{{- $rules = append $rules (dict "in" "" "apiGroups" (list "batch") "resources" (list "cronjobs") "verbs" (list "list")) }}
{{- end }}
{{- dict "rules" $rules | toJson }}
{{- end }}
