// A socket that answers with blobs, and goes on after its end.
Deno.serve((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => {
        if (data === "end") {
            socket.close(4001, "done");
            socket.send("too late");
            console.log(`ended with ${socket.bufferedAmount}`);
            return;
        }
        socket.send(new Blob(["blob of ", data]));
        socket.send(`after ${data}`);
    };
    return response;
});
