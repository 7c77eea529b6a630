using Amazon.Runtime;
using Mags.Storage.Objects;
using Mags.Storage.Objects.S3;
using Mags.Storage.Tests.Fakes;
using Mags.Storage.Tests.Objects;
using Mags.Storage.Tests.Snapshots;

namespace Mags.Storage.Tests.S3;

public sealed class S3ObjectStoreTests : ObjectStoreContract, IAsyncDisposable
{
    private readonly S3Server _server;
    private readonly string _prefix = Guid.NewGuid().ToString("N");
    private readonly List<IDisposable> _stores = [];
    private FaultProxy? _proxy;

    public S3ObjectStoreTests(S3Server server)
    {
        _server = server;
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Path => $"/{S3Server.Bucket}/{_prefix}/";

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(503, "SlowDown")]
    [InlineData(429, "TooManyRequests")]
    public async Task Put_AnswersThatPass_AreTriedAgain(int status, string code)
    {
        var store = await CreateAsync();
        _proxy!.Break("PUT " + Path, new Breakage { Status = status, Code = code }, times: 2);
        var content = Bytes(100_000);

        await PutAsync(store, "a/b", content);

        Assert.Equal(3, _proxy.Seen.Count(request => request == $"PUT {Path}a/b"));
        Assert.Equal(content, await ReadAsync(store, "a/b", 0, null));
    }

    [Fact]
    public async Task Put_AnswersThatDoNotPass_FailAfterAFewTries()
    {
        var store = await CreateAsync();
        _proxy!.Break("PUT " + Path, new Breakage { Status = 503, Code = "SlowDown" }, times: 100);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(store, "a/b", Bytes(10)));

        Assert.Equal(ObjectStoreFault.Unreachable, told.Fault);
        Assert.Contains("SlowDown", told.Message, StringComparison.Ordinal);
        Assert.Contains(S3Server.Bucket, told.Message, StringComparison.Ordinal);
        Assert.Contains(_proxy.Address.Authority, told.Message, StringComparison.Ordinal);
        Assert.Equal(4, _proxy.Seen.Count(request => request == $"PUT {Path}a/b"));
    }

    [Fact]
    public async Task Open_CutInTheMiddle_GoesOnFromThere()
    {
        var store = await CreateAsync();
        var content = Bytes(1_000_000);
        await PutAsync(store, "a/b", content);

        foreach (var cut in (int[])[0, 1, 400_000, 999_999])
        {
            _proxy!.Break("GET " + Path, new Breakage { CutAfter = cut });
            Assert.Equal(content, await ReadAsync(store, "a/b", 0, null));
            _proxy.Break("GET " + Path, new Breakage { CutAfter = cut / 2 });
            Assert.Equal(content[1000..600_000], await ReadAsync(store, "a/b", 1000, 599_000));
        }
    }

    [Fact]
    public async Task Open_RangeThatClaimsToBeShorter_IsNotTakenForWhole()
    {
        var store = await CreateAsync();
        var content = Bytes(100_000);
        await PutAsync(store, "a/b", content);
        _proxy!.Break("GET " + Path, new Breakage { CutAfter = 5000, LieAboutLength = true }, times: 2);

        Assert.Equal(content[100..90_100], await ReadAsync(store, "a/b", 100, 90_000));
    }

    [Fact]
    public async Task Open_NoAnswer_IsTriedAgain()
    {
        var store = await CreateAsync(TimeSpan.FromSeconds(1));
        var content = Bytes(100);
        await PutAsync(store, "a/b", content);
        _proxy!.Break("GET " + Path, new Breakage { Stall = true });

        Assert.Equal(content, await ReadAsync(store, "a/b", 0, null));
    }

    [Fact]
    public async Task WriteRecord_AnswerLost_IsKnownAsOurs()
    {
        var store = await CreateAsync();
        Assert.True(await store.ConditionalWrites(Stop));
        var first = await store.WriteRecordAsync("heads/a", Text("one"), null, Stop);
        _proxy!.Break("PUT " + Path, new Breakage { LoseAnswer = true });

        var second = await store.WriteRecordAsync("heads/a", Text("two"), first, Stop);

        Assert.Equal(second, (await store.ReadRecordAsync("heads/a", Stop))!.Version);
    }

    [Fact]
    public async Task ConditionalWrites_StoreThatIgnoresThem_IsFoundOut()
    {
        var store = await CreateAsync();
        _proxy!.HeedConditions = false;

        Assert.False(await store.ConditionalWrites(Stop));

        Assert.NotNull(await store.WriteRecordAsync("heads/a", Text("one"), null, Stop));
        Assert.NotNull(await store.WriteRecordAsync("heads/a", Text("two"), null, Stop));
        Assert.DoesNotContain(await ListAsync(store, ""), item => item.Key.StartsWith("probe/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(403, "AccessDenied", ObjectStoreFault.Denied, "may not do this")]
    [InlineData(403, "InvalidAccessKeyId", ObjectStoreFault.Denied, "refuses the credentials")]
    [InlineData(403, "RequestTimeTooSkewed", ObjectStoreFault.Denied, "clock")]
    [InlineData(404, "NoSuchBucket", ObjectStoreFault.Missing, "there is no bucket mags-test")]
    [InlineData(507, "XMinioStorageFull", ObjectStoreFault.Full, "is full")]
    public async Task Put_Refused_SaysWhyAtOnce(int status, string code, ObjectStoreFault fault, string words)
    {
        var store = await CreateAsync();
        _proxy!.Break("PUT " + Path, new Breakage { Status = status, Code = code }, times: 100);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(store, "a/b", Bytes(10)));

        Assert.Equal(fault, told.Fault);
        Assert.Contains(words, told.Message, StringComparison.Ordinal);
        Assert.Single(_proxy.Seen, request => request == $"PUT {Path}a/b");
    }

    [Fact]
    public async Task Put_UnknownKey_IsDenied()
    {
        var store = Connect(await _server.AddressAsync(), S3Server.Bucket, new BasicAWSCredentials("SOMEBODY", "S3RVER"));

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(store, "a/b", Bytes(10)));

        Assert.Equal(ObjectStoreFault.Denied, told.Fault);
        Assert.Contains("AWS_SECRET_ACCESS_KEY", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Identity_AmongOthersObjects_IsRefusedAndTheyStayAlone()
    {
        var store = await CreateAsync();
        await PutAsync(store, "theirs", Bytes(10));

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreIdentity.OpenAsync(store, null, Stop));

        Assert.Equal(ObjectStoreFault.Denied, told.Fault);
        Assert.Contains("is not empty and holds no Mags store", told.Message, StringComparison.Ordinal);
        Assert.Contains(_prefix, told.Message, StringComparison.Ordinal);
        var left = await store.ListAsync("", Stop).ToListAsync(Stop);
        Assert.Equal(("theirs", 10), (Assert.Single(left).Key, left[0].Bytes));
    }

    [Fact]
    public async Task Read_BucketThatIsNotThere_IsMissing()
    {
        var store = Connect(await _server.AddressAsync(), "none", S3Server.Credentials);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => store.ReadRecordAsync("a", Stop));

        Assert.Equal(ObjectStoreFault.Missing, told.Fault);
    }

    [Fact]
    public async Task Read_NobodyListens_IsUnreachable()
    {
        var store = Connect(new Uri("http://127.0.0.1:9"), "none", S3Server.Credentials);

        var told = await Assert.ThrowsAsync<ObjectStoreException>(() => store.ReadRecordAsync("a", Stop));

        Assert.Equal(ObjectStoreFault.Unreachable, told.Fault);
        Assert.Contains("127.0.0.1:9", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sync_LineThatBreaksAgainAndAgain_RestoresTheSameDisk()
    {
        var store = await CreateAsync();
        using var bench = new Workbench(packBytes: 1 << 20, other: store);
        _proxy!.BreakEvery(
            4,
            new Breakage { LoseAnswer = true },
            new Breakage { CutAfter = 100_000 },
            new Breakage { Status = 503, Code = "SlowDown" });
        var disk = new MemoryDisk(12 << 20);
        disk.Write(0, new Chance(1).Bytes(5 << 20));
        await bench.SyncAsync(disk);
        disk.Write(3 << 20, new Chance(2).Bytes(4 << 20));

        var made = await bench.SyncAsync(disk);

        await bench.AssertSameAsync(disk, made.Id);
        await bench.SweepAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _stores.ForEach(store => store.Dispose());
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }
    }

    private protected override Task<IObjectStore> CreateAsync() => CreateAsync(TimeSpan.FromSeconds(30));

    private async Task<IObjectStore> CreateAsync(TimeSpan timeout)
    {
        _proxy = await FaultProxy.StartAsync(await _server.AddressAsync(), heedConditions: true);
        return Connect(_proxy.Address, S3Server.Bucket, S3Server.Credentials, timeout);
    }

    private S3ObjectStore Connect(Uri address, string bucket, AWSCredentials credentials, TimeSpan? timeout = null)
    {
        var options = new S3Options
        {
            Endpoint = address.GetLeftPart(UriPartial.Authority),
            Bucket = bucket,
            Prefix = _prefix,
            Retries = 3,
            RetryDelay = TimeSpan.FromMilliseconds(5),
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        };
        var store = new S3ObjectStore(options, credentials, TimeProvider.System);
        _stores.Add(store);
        return store;
    }
}
