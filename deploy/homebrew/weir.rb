# Template: `node release/archives.ts --url BASE` writes the formula with checksums beside the archives.
class Weir < Formula
  desc "Collector, journal and console for network flows, audit logs and events"
  homepage "@URL@"
  version "@VERSION@"
  license "Apache-2.0"

  on_macos do
    on_arm do
      url "@URL@/weir-@VERSION@-macos-arm64.tar.gz"
      sha256 "@SHA256 macos-arm64@"
    end
    on_intel do
      url "@URL@/weir-@VERSION@-macos-x64.tar.gz"
      sha256 "@SHA256 macos-x64@"
    end
  end

  on_linux do
    on_arm do
      url "@URL@/weir-@VERSION@-linux-arm64.tar.gz"
      sha256 "@SHA256 linux-arm64@"
    end
    on_intel do
      url "@URL@/weir-@VERSION@-linux-x64.tar.gz"
      sha256 "@SHA256 linux-x64@"
    end
  end

  def install
    libexec.install Dir["*"]
    bin.install_symlink libexec/"bin/weir"
    generate_completions_from_executable(bin/"weir", "completion")
  end

  service do
    run [opt_bin/"weir", "run", "--data", var/"weir"]
    keep_alive true
    log_path var/"log/weir.log"
    error_log_path var/"log/weir.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/weir --version")
  end
end
