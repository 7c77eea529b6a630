using Google.Protobuf.Reflection;

namespace Mags.Protocol.Tests;

/// <summary>Guests live on in snapshots: a name, number or type once told stays. New lines may be added here.</summary>
public sealed class AgentProtocolShapeTests
{
    private const string Expected = """
        service mags.agent.Agent
          Hello HelloRequest -> HelloReply
          Warm WarmRequest -> WarmReply
          EndRehearsal EndRehearsalRequest -> EndRehearsalReply
          SetClock SetClockRequest -> SetClockReply
          SealDisk SealDiskRequest -> SealDiskReply
          FreezeDisk FreezeDiskRequest -> FreezeDiskReply
          ThawDisk ThawDiskRequest -> ThawDiskReply
          Exec stream ExecInput -> stream ExecOutput
          PutFiles stream PutFilesInput -> PutFilesReply
        enum OutputStream
          0 OUTPUT_STREAM_UNSPECIFIED
          1 OUTPUT_STREAM_STDOUT
          2 OUTPUT_STREAM_STDERR
        message AttachProcess
          1 process_id string
          2 offset uint64
        message ClaimReply
          1 steps repeated Step
        message ClaimRequest
          1 entropy bytes
          2 unix_time_ns int64
          3 host_name string
          4 boot_id string
          5 disk_bytes uint64
          6 network NetworkSettings
        message EndRehearsalReply
        message EndRehearsalRequest
        message ExecFailed
          1 message string
        message ExecInput
          1 start StartProcess
          2 attach AttachProcess
          3 ack uint64
          4 signal int32
          5 stdin bytes
          6 stdin_eof bool
          7 prepare PrepareRequest
          8 claim ClaimRequest
        message ExecOutput
          1 started ProcessStarted
          2 chunk OutputChunk
          3 exited ProcessExited
          4 failed ExecFailed
          5 stdin_ack uint64
          6 claimed ClaimReply
        message FileStart
          1 name string
        message FreezeDiskReply
        message FreezeDiskRequest
        message HelloReply
          1 generation uint32
          2 agent_version string
          3 kernel_release string
          4 claimed bool
        message HelloRequest
          1 generation uint32
        message NetworkSettings
          1 addresses repeated string
          2 gateways repeated string
          3 name_servers repeated string
          4 mtu uint32
        message OutputChunk
          1 stream OutputStream
          2 offset uint64
          3 data bytes
        message PrepareRequest
          1 claim ClaimRequest
          2 scratch bool
        message ProcessExited
          1 exit_code int32
          2 signal int32
          3 timed_out bool
          4 duration_us int64
          5 memory_kills int64
        message ProcessStarted
          1 pid int32
        message PutFilesInput
          1 start FileStart
          2 data bytes
          3 end bool
        message PutFilesReply
          1 failure string
        message SealDiskReply
        message SealDiskRequest
        message SetClockReply
          1 offset_ns int64
        message SetClockRequest
          1 unix_time_ns int64
        message StartProcess
          1 process_id string
          2 argv repeated string
          3 environment map
          4 working_directory string
          5 script bytes
          6 timeout_ms int64
          7 stdin_open bool
          8 unix_time_ns int64
        message Step
          1 name string
          2 micros int64
        message ThawDiskReply
          1 held bool
          2 frozen_us int64
        message ThawDiskRequest
        message WarmReply
        message WarmRequest
          1 commands repeated string
        """;

    [Fact]
    public void AgentProto_AsBuilt_HasTheShapeThatGuestsKnow()
    {
        var file = AgentReflection.Descriptor;

        var shape = file.Services.SelectMany(Describe)
            .Concat(file.EnumTypes.SelectMany(Describe))
            .Concat(file.MessageTypes.OrderBy(message => message.Name, StringComparer.Ordinal).SelectMany(Describe));

        Assert.Equal(Expected, string.Join('\n', shape));
    }

    private static IEnumerable<string> Describe(ServiceDescriptor service) =>
        service.Methods.Select(method =>
                $"  {method.Name} {Prefix(method.IsClientStreaming, "stream ")}{method.InputType.Name}"
                + $" -> {Prefix(method.IsServerStreaming, "stream ")}{method.OutputType.Name}")
            .Prepend("service " + service.FullName);

    private static IEnumerable<string> Describe(EnumDescriptor type) =>
        type.Values.Select(value => $"  {value.Number} {value.Name}").Prepend("enum " + type.Name);

    private static IEnumerable<string> Describe(MessageDescriptor message) =>
        message.Fields.InFieldNumberOrder()
            .Select(field => $"  {field.FieldNumber} {field.Name} {TypeOf(field)}")
            .Prepend("message " + message.Name);

    private static string TypeOf(FieldDescriptor field) => field switch
    {
        { IsMap: true } => "map",
        { FieldType: FieldType.Message } => Prefix(field.IsRepeated, "repeated ") + field.MessageType.Name,
        { FieldType: FieldType.Enum } => field.EnumType.Name,
        _ => Prefix(field.IsRepeated, "repeated ") + field.FieldType.ToString().ToLowerInvariant(),
    };

    private static string Prefix(bool condition, string text) => condition ? text : "";
}
