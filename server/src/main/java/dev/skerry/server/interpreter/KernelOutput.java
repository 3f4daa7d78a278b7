package dev.skerry.server.interpreter;

/** What arrives on one of a kernel's two outputs. For one thread. */
final class KernelOutput implements FrameSplitter.Sink {
    private final boolean out;
    private final Kernel kernel;
    private final Rendezvous outputs;
    private final KernelEvents events;
    private final Utf8 text = new Utf8();

    KernelOutput(boolean out, Kernel kernel, Rendezvous outputs, KernelEvents events) {
        this.out = out;
        this.kernel = kernel;
        this.outputs = outputs;
        this.events = events;
    }

    boolean isOut() {
        return out;
    }

    KernelEvents events() {
        return events;
    }

    @Override
    public void output(byte[] bytes, int from, int to) throws InterruptedException {
        printed(text.decode(bytes, from, to));
    }

    void flush() throws InterruptedException {
        printed(text.finish());
    }

    private void printed(String more) throws InterruptedException {
        kernel.printed(out ? "stdout" : "stderr", more);
    }

    @Override
    public void frame(boolean last, long number, byte[] data) throws InterruptedException {
        if (out) {
            if (events.collect(last, number, data)) {
                outputs.outArrives(number);
                if (events.bounds()) {
                    flush();
                }
                events.deliver();
                outputs.outDone(number);
            }
        } else if (last) {
            flush();
            outputs.errArrives(number);
        }
    }
}
