#!/usr/bin/env bash
# A real Kubernetes for the manifests of deploy/, without a cluster and without an image registry: compiled from the Go module proxy.
#
#   kubernetes.sh build [check|node]   compile it into $KUBERNETES_HOME, some minutes; done by the others when missing
#   kubernetes.sh serve                a throw-away API server on loopback; prints how to reach it, ends when its input does
#   kubernetes.sh up IMAGE.tar...      a cluster of one node (root; own network, mount and process namespaces) with these images
#   kubernetes.sh exec COMMAND...      run a command inside its namespaces, KUBECONFIG set (kubectl, curl, npm)
#   kubernetes.sh down                 end the cluster and everything in it
#
# serve needs go and openssl. up needs besides, from Debian: containerd runc containernetworking-plugins iproute2 iptables conntrack gcc.
# The node has DNS for Services and two volumes; it has no metrics, no storage classes, and nobody who enforces network policies.
set -euo pipefail

version=${KUBERNETES_VERSION:-1.34.4}
etcd_version=${ETCD_VERSION:-3.6.4}
home=${KUBERNETES_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/onceline/kubernetes-$version}
run=${KUBERNETES_RUN:-/var/lib/onceline-kubernetes}
bin=$home/bin
cni=${CNI_PLUGINS:-/usr/lib/cni}
export PATH=$bin:$PATH:/usr/sbin:/sbin

die() { echo "kubernetes.sh: $*" >&2; exit 1; }
need() { local tool; for tool; do command -v "$tool" >/dev/null || die "$tool is missing (see the top of this file)"; done; }
wait_for() { local i; for i in $(seq 600); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; return 1; }
start() { local name=$1; shift; "$@" >"$run/$name.log" 2>&1 & echo $! >"$run/$name.pid"; }
stop() {
  local name pid i
  for name; do
    [ -e "$run/$name.pid" ] || continue
    pid=$(<"$run/$name.pid"); rm "$run/$name.pid"; kill "$pid" 2>/dev/null || continue
    for i in $(seq 100); do kill -0 "$pid" 2>/dev/null || continue 2; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
}

# One binary holds all programs: a link of kubelet, scheduler and friends costs more than their few own packages.
build() {
  local set=${1:-check} staging dir=$home/src minor=${version#1.}
  local stamp="-X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
  [ -x "$bin/kube-$set" ] || {
    need go
    mkdir -p "$bin" "$dir/kube-$set"
    staging=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
    {
      echo "module kubernetes-tools"; grep -E '^(go|godebug) ' "$staging"
      echo "require ("; echo "k8s.io/kubernetes v$version"; echo "go.etcd.io/etcd/server/v3 v$etcd_version"; echo ")"
      sed -n "s#^\s*\(k8s.io/[a-z-]*\) => ./staging.*#replace \1 => \1 v0.${version#1.}#p" "$staging"
    } >"$dir/go.mod"
    rm -f "$dir/go.sum"
    main "$set" >"$dir/kube-$set/main.go"
    [ "$set" = check ] || name_server >"$dir/kube-$set/dns.go"
    (cd "$dir" && CGO_ENABLED=0 GOFLAGS="-mod=mod -trimpath -buildvcs=false" nice -n 5 go build -ldflags "-s -w $stamp" -o "$bin/kube-$set" "./kube-$set")
  }
  local program; for program in etcd kube-apiserver kubectl; do ln -sf "kube-$set" "$bin/$program"; done
  [ "$set" = check ] || for program in kube-controller-manager kube-scheduler kubelet kube-proxy kube-dns; do ln -sf "kube-$set" "$bin/$program"; done
}

# The programs' own main functions are one line each; lines marked "node" are left out of the small set.
main() {
  local leave_out='^$'; [ "$1" = node ] || leave_out='// node$'
  grep -v "$leave_out" <<'GO'
package main

import (
	"context" // node
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app" // node
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app" // node
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app" // node
	kubelet "k8s.io/kubernetes/cmd/kubelet/app" // node
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager": // node
		os.Exit(cli.Run(controllers.NewControllerManagerCommand())) // node
	case "kube-scheduler": // node
		os.Exit(cli.Run(scheduler.NewSchedulerCommand())) // node
	case "kube-proxy": // node
		os.Exit(cli.Run(proxy.NewProxyCommand())) // node
	case "kubelet": // node
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background()))) // node
	case "kube-dns": // node
		dns(os.Args[1], os.Args[2]) // node
	default:
		fmt.Fprintf(os.Stderr, "no program %q\n", name)
		os.Exit(2)
	}
}
GO
}

# Answers for Services, which is all that pods here ask for.
name_server() {
  cat <<'GO'
package main

import (
	"log"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corev1 "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

func dns(kubeconfig, address string) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0)
	services := factory.Core().V1().Services().Lister()
	forever := make(chan struct{})
	factory.Start(forever)
	factory.WaitForCacheSync(forever)
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 1500)
	for {
		length, client, err := socket.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		reply, err := answer(buffer[:length], services)
		if err != nil {
			log.Print(err)
		} else if _, err = socket.WriteTo(reply, client); err != nil {
			log.Print(err)
		}
	}
}

func answer(query []byte, services corev1.ServiceLister) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	address := addressOf(question.Name.String(), services)
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true},
		Questions: []dnsmessage.Question{question},
	}
	if address == nil {
		reply.RCode = dnsmessage.RCodeNameError
	} else if question.Type == dnsmessage.TypeA {
		reply.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 5},
			Body:   &dnsmessage.AResource{A: [4]byte(address)},
		}}
	}
	return reply.Pack()
}

func addressOf(asked string, services corev1.ServiceLister) net.IP {
	rest, isService := strings.CutSuffix(strings.ToLower(asked), ".svc.cluster.local.")
	name, namespace, _ := strings.Cut(rest, ".")
	if !isService {
		return nil
	}
	service, err := services.Services(namespace).Get(name)
	if err != nil {
		return nil
	}
	return net.ParseIP(service.Spec.ClusterIP).To4()
}
GO
}

# Keys and one token per component; all of it lives and dies with $run.
credentials() (
  local address=$1 port=$2 name user groups token
  mkdir -p "$run/pki"; cd "$run/pki"; rm -f tokens.csv
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=onceline-test -keyout ca.key -out ca.crt 2>/dev/null
  leaf() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile <(echo "$3") -out "$1.crt" 2>/dev/null
  }
  leaf apiserver /CN=kube-apiserver "subjectAltName=IP:$address,IP:10.96.0.1,DNS:kubernetes.default.svc"
  leaf to-kubelet /O=system:masters/CN=apiserver extendedKeyUsage=clientAuth
  openssl genrsa -out service-accounts.key 2048 2>/dev/null
  umask 077 # in this subshell only: under it containerd would make folders that containers cannot enter
  while read -r name user groups; do
    token=$(openssl rand -hex 16)
    echo "$token,$user,$name,\"$groups\"" >>tokens.csv
    cat >"$run/$name.kubeconfig" <<YAML
{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
 clusters: [{name: c, cluster: {server: "https://$address:$port", certificate-authority: $run/pki/ca.crt}}], users: [{name: u, user: {token: $token}}]}
YAML
  done <<'USERS'
admin admin system:masters
controllers system:kube-controller-manager
scheduler system:kube-scheduler
proxy system:kube-proxy
node system:node:onceline-1 system:nodes
USERS
)

api() {
  local address=$1 port=$2 etcd=$3 args
  credentials "$address" "$port"
  args=(--data-dir "$run/etcd" --unsafe-no-fsync --log-level warn
    --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd"
    --listen-peer-urls "http://127.0.0.1:$((etcd + 1))" --initial-advertise-peer-urls "http://127.0.0.1:$((etcd + 1))"
    --initial-cluster "default=http://127.0.0.1:$((etcd + 1))")
  start etcd etcd "${args[@]}"
  args=(--etcd-servers "http://127.0.0.1:$etcd" --bind-address "$address" --secure-port "$port"
    --tls-cert-file "$run/pki/apiserver.crt" --tls-private-key-file "$run/pki/apiserver.key"
    --client-ca-file "$run/pki/ca.crt" --token-auth-file "$run/pki/tokens.csv" --authorization-mode Node,RBAC
    --enable-admission-plugins NodeRestriction --service-cluster-ip-range 10.96.0.0/16
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$run/pki/service-accounts.key"
    --service-account-signing-key-file "$run/pki/service-accounts.key"
    --kubelet-client-certificate "$run/pki/to-kubelet.crt" --kubelet-client-key "$run/pki/to-kubelet.key"
    --kubelet-preferred-address-types InternalIP)
  [ "$address" = 127.0.0.1 ] && args+=(--endpoint-reconciler-type none) || args+=(--advertise-address "$address")
  start apiserver kube-apiserver "${args[@]}"
  export KUBECONFIG=$run/admin.kubeconfig
  wait_for kubectl get --raw /readyz || die "the API server did not become ready: $(tail -3 "$run/apiserver.log")"
}

serve() {
  [ -x "$bin/kube-check" ] || [ -x "$bin/kube-node" ] || build check
  need openssl
  run=$(mktemp -d); trap 'stop apiserver etcd; rm -rf "$run"' EXIT
  api 127.0.0.1 "${KUBERNETES_PORT:-16443}" "${ETCD_PORT:-12379}"
  echo "serving {\"kubeconfig\": \"$run/admin.kubeconfig\", \"kubectl\": \"$bin/kubectl\", \"version\": \"$version\"}"
  cat >/dev/null
}

up() {
  [ "$(id -u)" = 0 ] || die "up needs root"
  [ -x "$bin/kube-node" ] || build node
  need openssl unshare nsenter ip iptables containerd ctr runc conntrack gcc
  [ -x "$cni/bridge" ] || die "no CNI plugins in $cni (Debian: containernetworking-plugins)"
  [ ! -e "$run/cluster.pid" ] || die "already up; 'down' first"
  rm -rf "$run"; mkdir -p "$run"
  printf '%s\n' "$@" | sed '/^$/d' | while read -r image; do realpath "$image"; done >"$run/images"
  pause_image
  local controller; for controller in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do
    [ -d "/sys/fs/cgroup/$controller" ] && mkdir -p "/sys/fs/cgroup/$controller/onceline"
  done
  cat /sys/fs/cgroup/cpuset/cpuset.cpus >/sys/fs/cgroup/cpuset/onceline/cpuset.cpus
  cat /sys/fs/cgroup/cpuset/cpuset.mems >/sys/fs/cgroup/cpuset/onceline/cpuset.mems
  KUBERNETES_RUN=$run setsid unshare --net --mount --pid --fork --mount-proc --kill-child bash "$(realpath "$0")" inside >"$run/cluster.log" 2>&1 </dev/null &
  echo $! >"$run/cluster.pid"
  wait_for grep -q ^ready "$run/cluster.log" || { tail -n 3 "$run"/*.log; die "the cluster did not become ready"; }
  echo "Kubernetes $version, one node, ready; use: kubernetes.sh exec kubectl get pods -A"
}

# PID 1 of the namespaces: when it ends, the kernel ends everything that it started, with bridge, mounts and firewall rules.
inside() {
  local image
  ip link set lo up
  ip link add cni0 type bridge; ip addr add 10.89.0.1/24 dev cni0; ip link set cni0 up
  ip link add up0 type veth peer name up1; ip link set up0 master cni0; ip link set up0 up; ip link set up1 up # gives the empty bridge a carrier
  ip route add default via 10.89.0.254
  echo 1 >/proc/sys/net/ipv4/ip_forward
  mkdir -p "$run/cni"
  echo '{"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"hairpinMode":true,"ipam":{"type":"host-local",
   "ranges":[[{"subnet":"10.89.0.0/24","gateway":"10.89.0.1"}]],"routes":[{"dst":"0.0.0.0/0"}],"dataDir":"'"$run"'/ipam"}}]}' >"$run/cni/10-pods.conflist"
  cat >"$run/containerd.toml" <<TOML
version = 2
root = "$run/containerd"
state = "$run/containerd-state"
[grpc]
  address = "$run/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$run/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni"
    conf_dir = "$run/cni"
TOML
  cat >"$run/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupRoot: /onceline
failCgroupV1: false
containerRuntimeEndpoint: unix://$run/containerd.sock
address: 10.89.0.1
authentication: {x509: {clientCAFile: $run/pki/ca.crt}}
oomScoreAdj: 0
failSwapOn: false
clusterDNS: [10.89.0.1]
clusterDomain: cluster.local
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
# No image that is thrown away could be fetched again, the sandbox of every pod included.
imageGCHighThresholdPercent: 100
YAML
  cat >"$run/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $run/proxy.kubeconfig}
mode: iptables
clusterCIDR: 10.89.0.0/16
hostnameOverride: onceline-1
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
  start containerd containerd -c "$run/containerd.toml"
  api 10.89.0.1 6443 2379
  local k=("--authentication-kubeconfig" "$run/X" "--authorization-kubeconfig" "$run/X" --kubeconfig "$run/X" --leader-elect=false --bind-address 127.0.0.1)
  start controllers kube-controller-manager "${k[@]//X/controllers.kubeconfig}" --use-service-account-credentials --allocate-node-cidrs --cluster-cidr 10.89.0.0/16 \
    --service-account-private-key-file "$run/pki/service-accounts.key" --root-ca-file "$run/pki/ca.crt"
  start scheduler kube-scheduler "${k[@]//X/scheduler.kubeconfig}"
  wait_for ctr -a "$run/containerd.sock" version
  while read -r image; do ctr -a "$run/containerd.sock" -n k8s.io images import "$image"; done <"$run/images"
  start kubelet kubelet --config "$run/kubelet.yaml" --kubeconfig "$run/node.kubeconfig" --hostname-override onceline-1 --node-ip 10.89.0.1 --root-dir "$run/kubelet" --cert-dir "$run/kubelet-pki"
  start proxy kube-proxy --config "$run/proxy.yaml"
  start dns kube-dns "$run/proxy.kubeconfig" 10.89.0.1:53
  wait_for kubectl get node onceline-1
  wait_for kubectl -n default get serviceaccount default
  volumes
  kubectl wait --for=condition=Ready node/onceline-1 --timeout=60s && echo ready
  trap 'exit 0' TERM
  while :; do sleep 1 & wait $!; done
}

# Nobody makes volumes here, so they are there before they are claimed.
volumes() {
  local name
  for name in disk-1 disk-2; do
    mkdir -m 777 -p "$run/volumes/$name"
    kubectl apply -f - <<YAML
{apiVersion: v1, kind: PersistentVolume, metadata: {name: $name}, spec: {capacity: {storage: 8Gi}, accessModes: [ReadWriteOnce],
 persistentVolumeReclaimPolicy: Retain, local: {path: $run/volumes/$name}, nodeAffinity: {required: {nodeSelectorTerms: [
 {matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [onceline-1]}]}]}}}}
YAML
  done
}

# The sandbox image of every pod: no registry, so a static program of a few lines, packed by hand.
pause_image() (
  local d=$run/pause layer config
  mkdir -p "$d/root"; cd "$d"
  echo '#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>
static void stop(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, stop); signal(SIGTERM, stop); signal(SIGCHLD, reap); for (;;) pause(); }' | gcc -Os -static -s -x c -o root/pause -
  chmod 755 root; tar -C root --owner=0 --group=0 -cf layer.tar .
  layer=$(sha256sum layer.tar | cut -d' ' -f1)
  echo '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$layer"'"]}}' >config.json
  echo '[{"Config":"config.json","RepoTags":["localhost/pause:1"],"Layers":["layer.tar"]}]' >manifest.json
  tar -cf "$run/pause.tar" manifest.json config.json layer.tar
  echo "$run/pause.tar" >>"$run/images"
)

init_pid() { local parent; parent=$(<"$run/cluster.pid"); tr -d ' ' <"/proc/$parent/task/$parent/children"; }

enter() { KUBECONFIG=$run/admin.kubeconfig exec nsenter -t "$(init_pid)" -n -p -m --wd="$PWD" "$@"; }

down() {
  [ -e "$run/cluster.pid" ] || return 0
  kill -9 "$(init_pid 2>/dev/null)" 2>/dev/null || true
  local i; for i in $(seq 50); do kill -0 "$(<"$run/cluster.pid")" 2>/dev/null || break; sleep 0.1; done
  find /sys/fs/cgroup/*/onceline /sys/fs/cgroup/onceline -depth -type d -exec rmdir {} \; 2>/dev/null || true
  rm -rf "$run"
}

command=${1:-}; shift || true
case $command in
  build | serve | up | down | inside) "$command" "$@" ;;
  exec) enter "$@" ;;
  *) sed -n '2,12p' "$0"; exit 2 ;;
esac
