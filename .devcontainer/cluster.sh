#!/usr/bin/env bash
# A kind cluster with a local registry, Knative and Neo4j: cluster.sh up | image | down.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cluster=weir
registry=weir-registry
registry_port=5001
knative=${KNATIVE_VERSION:-v1.19.0}

exists() { docker inspect "$1" >/dev/null 2>&1; }

start_registry() {
  if ! exists "$registry"; then
    docker run --detach --restart unless-stopped --publish "127.0.0.1:$registry_port:5000" --name "$registry" registry:2
  fi
}

start_cluster() {
  if ! kind get clusters | grep --quiet --line-regexp "$cluster"; then
    kind create cluster --config "$here/kind.yaml" --wait 5m
  fi
  docker network connect kind "$registry" 2>/dev/null || true
  # Each node finds localhost:5001 at the registry's container.
  for node in $(kind get nodes --name "$cluster"); do
    folder="/etc/containerd/certs.d/localhost:$registry_port"
    docker exec "$node" mkdir -p "$folder"
    printf '[host."http://%s:5000"]\n' "$registry" | docker exec --interactive "$node" cp /dev/stdin "$folder/hosts.toml"
  done
  kubectl config use-context "kind-$cluster"
}

install_knative() {
  local releases=https://github.com/knative
  kubectl apply --filename "$releases/serving/releases/download/knative-$knative/serving-crds.yaml"
  kubectl wait --for condition=Established --all customresourcedefinitions --timeout 2m
  kubectl apply --filename "$releases/serving/releases/download/knative-$knative/serving-core.yaml"
  kubectl apply --filename "$releases/net-kourier/releases/download/knative-$knative/kourier.yaml"
  kubectl patch configmap config-network --namespace knative-serving --type merge \
    --patch '{"data": {"ingress-class": "kourier.ingress.networking.knative.dev"}}'
  kubectl apply --filename "$releases/eventing/releases/download/knative-$knative/eventing-crds.yaml"
  kubectl wait --for condition=Established --all customresourcedefinitions --timeout 2m
  kubectl apply --filename "$releases/eventing/releases/download/knative-$knative/eventing-core.yaml"
  kubectl wait --for condition=Available --all deployments --namespace knative-serving --timeout 10m
  kubectl wait --for condition=Available --all deployments --namespace knative-eventing --timeout 10m
}

install_neo4j() {
  kubectl create namespace n4j --dry-run=client --output yaml | kubectl apply --filename -
  if ! kubectl get secret neo4j-login --namespace n4j >/dev/null 2>&1; then
    kubectl create secret generic neo4j-login --namespace n4j --from-literal "NEO4J_AUTH=neo4j/$(openssl rand -hex 12)"
  fi
  kubectl apply --filename "$here/neo4j.yaml"
  kubectl rollout status statefulset/neo4j --namespace n4j --timeout 10m
}

build_image() {
  docker build --file "$here/../deploy/image/Dockerfile" --tag "localhost:$registry_port/weir:0.1.0" "$here/.."
  docker push "localhost:$registry_port/weir:0.1.0"
}

case "${1:-}" in
  up)
    start_registry
    start_cluster
    install_knative
    install_neo4j
    ;;
  image)
    build_image
    ;;
  down)
    kind delete cluster --name "$cluster"
    if exists "$registry"; then docker rm --force "$registry"; fi
    ;;
  *)
    echo "usage: cluster.sh up | image | down" >&2
    exit 2
    ;;
esac
