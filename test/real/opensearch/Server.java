import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One node of OpenSearch. Arguments: folder, HTTP port, transport port. */
public class Server {
  public static void main(String[] args) throws Exception {
    new OpenSearchRunner().onBuild((number, settings) -> {
      settings.put("http.port", args[1]);
      settings.put("transport.port", args[2]);
      settings.put("network.host", "127.0.0.1");
      settings.put("discovery.type", "single-node");
      settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
      settings.putList("discovery.seed_hosts");
    }).build(OpenSearchRunner.newConfigs().clusterName("weir").numOfNode(1).basePath(args[0]));
    Thread.currentThread().join();
  }
}
