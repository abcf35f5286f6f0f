{{/* The pod of a workload; takes (dict "root" $ "workload" NAME). */}}
{{- define "weir.pod" -}}
{{- $values := .root.Values }}
{{- $given := index $values .workload }}
serviceAccountName: {{ include "weir.account" . }}
automountServiceAccountToken: {{ not (empty (include "weir.rights" . | fromJson).rules) }}
# Variables named after Services could be read as settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $given.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
containers:
  - name: weir
    image: {{ include "weir.image" .root }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: [run, --config, /etc/weir/weir.yaml]
    {{- $env := list }}
    {{- if ne .workload "all" }}
    {{- $env = append $env (dict "name" "WEIR_ROLES" "value" .workload) }}
    {{- $env = append $env (dict "name" "WEIR_INSTANCE" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name"))) }}
    {{- end }}
    {{- range $name, $value := $values.env }}
    {{- $env = append $env (dict "name" $name "value" (toString $value)) }}
    {{- end }}
    {{- range $name, $reference := $values.secrets.env }}
    {{- $env = append $env (dict "name" $name "valueFrom" (dict "secretKeyRef" (dict "name" $reference.secret "key" $reference.key))) }}
    {{- end }}
    {{- with $env }}
    env: {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      - name: http
        containerPort: 8080
      - name: ops
        containerPort: 8081
      {{- range $sinks := list false true }}
      {{- range (include "weir.listening" (dict "root" $.root "workload" $.workload "sinks" $sinks) | fromJson).ports }}
      - name: {{ lower .protocol }}-{{ .port }}
        containerPort: {{ .port }}
        protocol: {{ .protocol }}
      {{- end }}
      {{- end }}
    # Opening a large store or replaying the journal takes time.
    startupProbe:
      httpGet:
        path: /healthz/live
        port: ops
      periodSeconds: 5
      failureThreshold: 120
    livenessProbe:
      httpGet:
        path: /healthz/live
        port: ops
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet:
        path: /healthz/{{ $given.readiness }}
        port: ops
      periodSeconds: 5
      timeoutSeconds: 5
    resources: {{- toYaml $given.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    volumeMounts:
      - name: config
        mountPath: /etc/weir
        readOnly: true
      - name: data
        mountPath: /data
      - name: temporary
        mountPath: /tmp
      {{- range $name, $_ := $values.secrets.files }}
      - name: secret-{{ $name }}
        mountPath: /etc/weir-secrets/{{ $name }}
        readOnly: true
      {{- end }}
volumes:
  - name: config
    configMap:
      name: {{ include "weir.fullname" .root }}
  - name: temporary
    emptyDir:
      sizeLimit: {{ $values.temporary }}
  {{- if not $given.persistence.enabled }}
  - name: data
    emptyDir:
      sizeLimit: {{ $given.persistence.size }}
  {{- end }}
  {{- range $name, $reference := $values.secrets.files }}
  - name: secret-{{ $name }}
    secret:
      secretName: {{ $reference.secret }}
      defaultMode: 0440
  {{- end }}
{{- with $given.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $given.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $given.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if ne .workload "all" }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "weir.selector" . | nindent 8 }}
{{- end }}
{{- end }}
