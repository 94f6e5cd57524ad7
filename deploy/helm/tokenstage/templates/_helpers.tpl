{{- define "tokenstage.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "tokenstage.fullname" -}}
{{- $name := include "tokenstage.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 55 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 55 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 55 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tokenstage.selector" -}}
app.kubernetes.io/name: {{ include "tokenstage.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tokenstage.labels" -}}
{{ include "tokenstage.selector" . }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tokenstage.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tokenstage.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Whether servers share a store. */ -}}
{{- define "tokenstage.shared" -}}
{{- if or .Values.store.url .Values.store.existingSecret -}}true{{- end -}}
{{- end -}}

{{- /* Where clients reach the servers: as given, else by the names of the ingress. */ -}}
{{- define "tokenstage.public" -}}
{{- $public := dict -}}
{{- with .Values.ingress -}}
{{- if and .enabled .dataHost -}}{{- $_ := set $public "data" (printf "%s:80" .dataHost) -}}{{- end -}}
{{- if and .enabled .mqttWebSocketHost -}}{{- $_ := set $public "mqttWs" (printf "%s:80" .mqttWebSocketHost) -}}{{- end -}}
{{- end -}}
{{- $all := list -}}
{{- range $name, $address := merge (deepCopy .Values.publicAddresses) $public -}}
{{- $all = append $all (printf "%s=%s" $name $address) -}}
{{- end -}}
{{- join "," $all -}}
{{- end -}}

{{- /* What cannot work is said before anything is made. */ -}}
{{- define "tokenstage.check" -}}
{{- if and .Values.store.url .Values.store.existingSecret -}}
{{- fail "store.url and store.existingSecret: give one of them" -}}
{{- end -}}
{{- if and .Values.controlToken.value .Values.controlToken.existingSecret -}}
{{- fail "controlToken.value and controlToken.existingSecret: give one of them" -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not (include "tokenstage.shared" .)) -}}
{{- fail (printf "replicas is %d: more than one need a store that they share, store.url or store.existingSecret" (int .Values.replicas)) -}}
{{- end -}}
{{- if and .Values.tls.enabled (not .Values.tls.existingSecret) -}}
{{- fail "tls.existingSecret: name a Secret of type kubernetes.io/tls with the certificate and key of your authority" -}}
{{- end -}}
{{- with .Values.ingress -}}
{{- if and .enabled (not (or .dataHost .mqttWebSocketHost .controlHost)) -}}
{{- fail "ingress: name at least one of dataHost, mqttWebSocketHost and controlHost" -}}
{{- end -}}
{{- end -}}
{{- end -}}
