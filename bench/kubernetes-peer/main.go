// A reflector of client-go for pods and one for nodes, each with a plain store: the least that a controller does.
// Arguments: a kubeconfig. Prints `synced OBJECTS` when both lists are complete and `changes COUNT` for each line
// `COUNT` of standard input once so many changes were stored.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type countedStore struct {
	cache.Store
	changes *atomic.Int64
	listed  sync.Once
	done    func()
}

func (store *countedStore) Replace(objects []any, version string) error {
	err := store.Store.Replace(objects, version)
	store.listed.Do(store.done)
	return err
}

func (store *countedStore) Add(object any) error {
	defer store.changes.Add(1)
	return store.Store.Add(object)
}

func (store *countedStore) Update(object any) error {
	defer store.changes.Add(1)
	return store.Store.Update(object)
}

func (store *countedStore) Delete(object any) error {
	defer store.changes.Add(1)
	return store.Store.Delete(object)
}

type counters struct {
	changes *atomic.Int64
	done    func()
}

func reflect(client rest.Interface, resource string, object runtime.Object, count counters) cache.Store {
	store := &countedStore{Store: cache.NewStore(cache.MetaNamespaceKeyFunc), changes: count.changes, done: count.done}
	source := cache.NewListWatchFromClient(client, resource, "", fields.Everything())
	go cache.NewReflector(source, object, store, 0).RunWithContext(context.Background())
	return store
}

func run(kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var changes atomic.Int64
	var lists sync.WaitGroup
	lists.Add(2)
	count := counters{changes: &changes, done: lists.Done}
	client := clients.CoreV1().RESTClient()
	pods := reflect(client, "pods", &corev1.Pod{}, count)
	nodes := reflect(client, "nodes", &corev1.Node{}, count)
	lists.Wait()
	fmt.Println("synced", len(pods.ListKeys())+len(nodes.ListKeys()))
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		count, err := strconv.ParseInt(input.Text(), 10, 64)
		if err != nil {
			return err
		}
		for changes.Load() < count {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("changes", changes.Load())
	}
	return input.Err()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reflector KUBECONFIG")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
