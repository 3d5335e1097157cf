// A Kafka broker for tests: the topics of deploy/kafka, on 127.0.0.1, in a folder that a killed one leaves to the next.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	port := flag.Int("port", 0, "where it listens")
	folder := flag.String("folder", "", "where it keeps what it has taken")
	flag.Parse()
	_, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.Ports(*port),
		kfake.DataDir(*folder),
		kfake.SyncWrites(),
		kfake.SeedTopics(2, "otlp_metrics", "otlp_spans", "otlp_logs"),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	select {}
}
